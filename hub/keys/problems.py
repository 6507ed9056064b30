"""What can be wrong with a key."""

from hub.problems import Unavailable


class KeyMissing(Unavailable):
    """A private key that this process needs is not in its custody."""

    title = "A key is missing"
    advice = "Run `yinxin init`, or ask the operator: this process may not hold the key that is named here."


class WrongPassphrase(Unavailable):
    """The passphrase does not open the keys of this installation."""

    title = "The key passphrase is wrong"
    advice = "Give the passphrase of this installation by YINXIN_PASSPHRASE_FILE, YINXIN_PASSPHRASE or at the prompt."


class WrongSignature(Unavailable):
    """A key gave a signature that its public half does not confirm. It did not leave this process."""

    title = "A key gave a wrong signature"
    advice = "Nothing was signed or lost. The key is in quarantine; the operator has been told."


class KeyQuarantined(Unavailable):
    """The key once gave a wrong signature: it signs nothing until an operator has looked into it and released it."""

    title = "A key is in quarantine"
    advice = "Nothing was lost. The operator has to find out why the key signed wrongly: see `yinxin keys quarantined`."
