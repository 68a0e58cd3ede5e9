"""Australian addresses as people write them, split into the parts of the register's record."""

from lib.domain.addresses.split import LONGEST, Address, split_address

__all__ = ["LONGEST", "Address", "split_address"]
