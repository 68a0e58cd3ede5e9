"""What of Zuora's messages may be shown: the words of its trade, and nothing a customer could be called.

A message says why something was refused, and may quote what is stored: a name, an address, a telephone
number. Nobody can list everything private, so the list is of what is not, and all the rest becomes "…".
"""

import re

from lib.clients.zuora.models import CONTACT_WIRE

_TRADE = """
a about above access accepted account accounts action actions active add address adjust after again against all allow
allowed already also amend amendment amount an and another any applied apply are as at authentication
authorised authorized automatic automatically available away
bad balance batch be because been before being below between bill billed billing blank both business but by
call can cancel canceled cancellation cancelled cannot change changed changes character characters charge
charges check child choose client close closed code collection communication competition complete completed
concurrency concurrent condition configured conflict connection contact contacts contain contained contains
content contract could country create created credentials credit currency current cursor custom customer cycle
data date day days default delete deleted delivery denied depends describe did different disabled do does done
draft due duplicate during
each edit effective either email empty enable enabled end ended entities entity entry error errors exactly
exceed exceeded exceeds exist existing exists expand expected expire expired external
failed failure false feature field fields file filter finance find first following for format found from
future
generated get given granted greater
has have header hierarchy
id ids if in inactive incomplete incorrect information input insufficient integer internal into invalid
invoice invoiced invoices is issue it item its itself
key
last later least left length less level levels limit limited line list lock locked long longer
made malformed mandatory match maximum maybe method minimum missing model more most multiple must
name names necessary need needed needs negative new next no none not nothing null number numbers
object of off on once one only open operation operator or order orders other out outstanding own owner
page parameter parameters parent parse pay payment payments pending period permission permissions permitted
phone please policy positive posted posting previous process processed processing product profile provide
provided
quantity query
range rate reached read reason reasons record records refer reference referenced refused rejected related
remove removed renew renewal request requested requests require required requires resend resource resources
retry rule run running
same scheduled second seconds security see segment self send sent separator server service session set
settlement several short should since size some sort specified start state status still string submit
submitted subscription subscriptions succeed success successful suspend suspended support supported syntax
system
taken task technical temporarily temporary tenant term terms text than that the their them then there these
they this those time timeout times to today token too transaction true try twice type
unable unavailable under unexpected unique unknown unpaid unsupported until update updated updates use used
user using
valid validation value values version via
was way were what when where whether which while who with within without wrong
year you your zero zip zuora
"""
_OTHER_FIELDS = """
accountId accountKey accountNumber additionalEmailAddresses autoPay balance basicInfo batch billCycleDay
billToContact billToContactId cancellationEffectiveDate cancellationPolicy chargeDetail charge-detail
communicationProfileId contractEffectiveDate creditBalance customerAcceptanceDate dueDate
EndOfCurrentTerm EndOfLastInvoicePeriod existingAccountId existingAccountNumber idempotency
Idempotency-Key invoiceDate invoiceDeliveryPrefsEmail invoiceNumber lock_competition nextPage orderDate
orderNumber pageSize parentId postalCode ratePlan serviceActivationDate soldToContact soldToContactId
SpecificDate subscriptionNumber termEndDate termType triggerDates Zuora-Version
"""
_PLAIN = frozenset(_TRADE.split())
_FIELDS = frozenset(name.lower() for name in (*CONTACT_WIRE.values(), *_OTHER_FIELDS.split()))
_TOKEN = re.compile(r"[\w-]+|[^\w\s]")
_ELIDED = "…"
_MARKS = frozenset(".,:;!?()")
# In the midst of a sentence any other capital begins a name: "Bill Page" is not about billing.
_CAPITALS = frozenset({"API", "ID", "Zuora", "Order", "Orders", "Subscription", "Account", "Contact", "Invoice"})


def plain_words(message: str) -> str:
    """The message with every word left out that is not one of Zuora's trade."""
    shown: list[str] = []
    for token in _TOKEN.findall(message):
        before = shown[-1] if shown else "."
        part = _shown(token, before)
        if part and (part != _ELIDED or before != _ELIDED):
            shown.append(part)
    line = " ".join(shown)
    return re.sub(r" (?=[.,:;!?)])", "", line).replace("( ", "(")


def _shown(token: str, before: str) -> str:
    if not token[0].isalnum():
        return token if token in _MARKS else ""
    if token.isdigit():
        # A limit or a length stands behind its word, the parts of a telephone number beside each other.
        return token if len(token) <= 3 and before.isalpha() else _ELIDED
    if token.lower() in _FIELDS:
        return token
    starts = before == "."
    return token if token.lower() in _PLAIN and (starts or token.islower() or token in _CAPITALS) else _ELIDED
