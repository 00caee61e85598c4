"""Handing an e-mail to the operator's server, and knowing what has become of it."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP

from backoffice.watch.rules import one_line

from .outbox import Mail
from .results import NotTaken, Refused, Unclear

#: Seconds that one e-mail may take in all: a server that hangs holds up nobody for longer.
PATIENCE = 10.0


def send_mail(mail: Mail, address: str, subject: str, text: str, message_id: str) -> None:
    """Hand one e-mail over. Raises NotTaken (try again), Refused (no use), Unclear (it may be on its way)."""
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = mail.sender, one_line(address)
    letter["Subject"] = one_line(subject)
    letter["Message-ID"] = message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text)
    try:
        with _connected(mail) as server:
            _deliver(server, mail.sender, address, letter)
    except (OSError, smtplib.SMTPException) as error:
        raise _outcome(error) from error


@contextmanager
def _connected(mail: Mail) -> Iterator[smtplib.SMTP]:
    """A connection that is greeted, encrypted and logged in, and that ends by itself after PATIENCE."""
    secure = ssl.create_default_context()
    me = mail.sender.rpartition("@")[2]  # else the library asks the network for this machine's name
    if mail.tls == "implicit":
        server: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=me, timeout=PATIENCE, context=secure)
    else:
        server = smtplib.SMTP(local_hostname=me, timeout=PATIENCE)
    setattr(server, "_host", mail.host)  # noqa: B010 - the name that its certificate has to bear
    # Each answer has a limit of its own; a server that lets it drip is cut off after the whole.
    done = threading.Event()
    threading.Thread(target=_cut_off, args=(server, done), daemon=True).start()
    try:
        server.connect(mail.host, mail.port)
        server.ehlo_or_helo_if_needed()
        if mail.tls == "starttls":
            server.starttls(context=secure)
            server.ehlo()
        if mail.user:
            server.login(mail.user, mail.password)
        yield server
        with suppress(OSError, smtplib.SMTPException):
            server.quit()  # it has the message already
    finally:
        done.set()
        server.close()


def _cut_off(server: smtplib.SMTP, done: threading.Event) -> None:
    """Shut the connection as soon as it is there and too old; whoever waits for an answer gets none."""
    wait = PATIENCE
    while not done.wait(wait):
        wait = 0.2
        if server.sock is not None:
            with suppress(OSError):
                server.sock.shutdown(socket.SHUT_RDWR)


def _deliver(server: smtplib.SMTP, sender: str, address: str, letter: EmailMessage) -> None:
    _expect(server.mail(sender))
    _expect(server.rcpt(address))
    try:
        answer = server.data(letter.as_bytes())
    except smtplib.SMTPDataError:
        raise  # it did not want to hear the message at all
    except (OSError, smtplib.SMTPException) as error:
        raise Unclear(_words(error)) from error
    _expect(answer)


def _expect(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if code not in {250, 251}:
        raise smtplib.SMTPResponseException(code, words)


def _outcome(error: Exception) -> Exception:
    """What an error before the message itself was on its way means: a 5xx answer stays one, the rest may pass."""
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500:
        # Asking for a login or for encryption is the operator's affair, not this message's: mended, it goes.
        return NotTaken(_words(error)) if error.smtp_code in {530, 534, 535, 538} else Refused(_words(error))
    return NotTaken(_words(error))


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return one_line(f"{error.smtp_code} {said}", 280)
    return one_line(f"{type(error).__name__}: {error}", 280)
