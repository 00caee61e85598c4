"""How personal data looks to those who need not see it (X-20)."""

import re


def mask_phone(phone: str) -> str:
    """`138****5678` for a mobile, `0571-****678` for a landline; anything else keeps its last three digits."""
    text = phone.strip()
    if re.fullmatch(r"1\d{10}", text):
        return f"{text[:3]}****{text[-4:]}"
    landline = re.fullmatch(r"(0\d{2,3})-?(\d{7,8})(-\d+)?", text)
    if landline:
        return f"{landline[1]}-****{landline[2][-3:]}"
    return f"****{text[-3:]}" if len(text) > 4 else "****"


def mask_name(name: str) -> str:
    """The first character and two stars: `王**`."""
    return f"{name.strip()[:1]}**" if name.strip() else ""


def mask_address(address: str) -> str:
    """The address down to its district: up to the first 区, 县, 旗 or city; else its first six characters."""
    match = re.match(r"^(.{2,20}?[区县旗])", address) or re.match(r"^(.{2,12}?市)", address)
    head = match[1] if match else address[:6]
    return head if head == address else f"{head}****"


def mask_email(address: str) -> str:
    """The first character and the host: `w***@example.com`."""
    name, at, host = address.strip().rpartition("@")
    return f"{name[:1]}***@{host}" if at else "***"


def discreet(text: str) -> str:
    """What was typed as others may read it: short numbers and codes stay, phones and what may be a name are masked."""
    return " ".join(_discreet_word(word) for word in text.split())


def _discreet_word(word: str) -> str:
    if re.fullmatch(r"[+\d()-]+", word):
        return word if len(word) < 5 else mask_phone(word)
    return word if word.isascii() and re.search(r"\d", word) else mask_name(word)


MASKS = {"phone": mask_phone, "name": mask_name, "address": mask_address, "email": mask_email}


def mask(kind: str, value: str | None) -> str:
    """`value` masked as its kind of personal data (phone, name, address, email); empty stays empty."""
    return MASKS[kind](value) if value else ""
