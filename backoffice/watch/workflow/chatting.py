"""Posting to robots of chat groups: DingTalk, WeCom, Feishu.

Three small posts by urllib3 rather than a library of a hundred services: those answer only yes or no, and whether a
message that failed had left the house decides whether it may be sent again.
"""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, SSLError

from backoffice.core import clock
from backoffice.watch.models import Channel
from backoffice.watch.rules import one_line

from .outbox import OUTSIDE
from .results import NotTaken, Refused, Unclear

#: Where the robots of each kind live.
HOSTS = {
    Channel.DINGTALK: ("oapi.dingtalk.com",),
    Channel.WECOM: ("qyapi.weixin.qq.com",),
    Channel.FEISHU: ("open.feishu.cn", "open.larksuite.com"),
}
CONNECT_SECONDS, ANSWER_SECONDS = 4.0, 6.0
_LONGEST_ANSWER = 20_000


def may_post_to(channel: Channel, webhook: str) -> bool:
    """Whether the address is one of a robot of this kind: https at a well-known host, or a host of the operator's.

    So a robot's address leads nowhere else in the office's network.
    """
    try:
        parts = urlsplit(webhook)
        place = parts.netloc.lower()
    except ValueError:
        return False
    if any(c.isspace() or not c.isprintable() for c in webhook) or "@" in place or "\\" in webhook:
        return False
    if place in OUTSIDE.chat_hosts:
        return parts.scheme in {"https", "http"}
    return parts.scheme == "https" and place in HOSTS.get(channel, ())


def send_chat(channel: Channel, webhook: str, signing_secret: str, text: str) -> None:
    """Post one message. Raises NotTaken (try again), Refused (no use), Unclear (it may have been shown)."""
    if not may_post_to(channel, webhook):
        raise Refused("the address is not one of such a robot")
    address, content = _request(channel, webhook, signing_secret, text)
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS, total=CONNECT_SECONDS + ANSWER_SECONDS)
    with urllib3.PoolManager(num_pools=1) as pool:
        try:
            answer = pool.request(
                "POST", address, body=json.dumps(content, ensure_ascii=False).encode(), timeout=timeout, retries=False,
                redirect=False, headers={"Content-Type": "application/json; charset=utf-8"}, preload_content=False,
            )  # fmt: skip
            data = answer.read(_LONGEST_ANSWER)
        except (NewConnectionError, ConnectTimeoutError, NameResolutionError, SSLError) as error:
            raise NotTaken(_words(error)) from None
        except HTTPError as error:
            raise Unclear(_words(error)) from None
    _judge(channel, answer.status, data)


def _request(channel: Channel, webhook: str, secret: str, text: str) -> tuple[str, dict[str, Any]]:
    """(address, content) as the robot wants them, signed where it has a secret."""
    now = clock.now().timestamp()
    if channel is Channel.FEISHU:
        content: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if secret:
            stamp = str(int(now))
            signed = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
            content |= {"timestamp": stamp, "sign": base64.b64encode(signed).decode()}
        return webhook, content
    if channel is Channel.DINGTALK and secret:
        stamp = str(int(now * 1000))
        signed = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        joint = "&" if "?" in webhook else "?"
        webhook = f"{webhook}{joint}timestamp={stamp}&sign={quote(base64.b64encode(signed).decode(), safe='')}"
    return webhook, {"msgtype": "text", "text": {"content": text}}


def _judge(channel: Channel, status: int, data: bytes) -> None:
    """Nothing where the robot says that it has the message; else the exception that says what its answer means."""
    if status in {408, 425, 429, 503}:
        raise NotTaken(f"HTTP {status}")
    if 300 <= status < 500:
        raise Refused(f"HTTP {status}")
    if status >= 500:
        raise Unclear(f"HTTP {status}")
    try:
        answer = json.loads(data)
        code = answer.get("code", answer.get("StatusCode")) if channel is Channel.FEISHU else answer.get("errcode")
    except (ValueError, AttributeError):
        raise Unclear("an answer that no such robot gives") from None
    if code is None:
        raise Unclear("an answer that no such robot gives")
    if code != 0:  # a wrong word, too many a minute, a wrong signature: not shown, and said so
        raise NotTaken(one_line(f"{code} {answer.get('errmsg') or answer.get('msg') or ''}", 280))


def _words(error: Exception) -> str:
    """The kind of an error alone: its text would hold the address, which is a password."""
    return type(error).__name__
