"""What a person is told when the facts moved between the plan they saw and the click."""

from lib.actions.action import Plan


def changes_between(old: Plan, new: Plan) -> tuple[str, ...]:
    """What is different between two plans, in words where there are values."""
    found = [
        f"{effect.system}: {effect.text} is now “{effect.before}”, not “{was.before}”."
        for effect in new.effects
        for was in old.effects
        if (effect.system, effect.text) == (was.system, was.text) and effect.before != was.before
    ]
    before, after = ({(one.system, one.text) for one in plan.effects} for plan in (old, new))
    found += [f"New: {system}: {text}." for system, text in sorted(after - before)]
    found += [f"No longer: {system}: {text}." for system, text in sorted(before - after)]
    found += [f"New: {danger}" for danger in new.dangers if danger not in old.dangers]
    return tuple(found) or ("What the plan was made from is no longer the same.",)
