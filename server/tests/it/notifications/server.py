"""A mail server that writes what it gets into a file, one JSON a line; its port is the first line of its output."""

import email
import email.policy
import json
import socket
import sys
import threading

from aiosmtpd.controller import Controller


class Keep:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": str(message["Subject"]),
            "message_id": message["Message-ID"],
            "in_reply_to": message["In-Reply-To"],
            "text": message.get_content(),
        }
        with open(sys.argv[1], "a", encoding="utf-8") as out:
            out.write(json.dumps(kept) + "\n")
        return "250 OK"


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
controller = Controller(Keep(), hostname="127.0.0.1", port=port)
controller.start()
print(port, flush=True)
threading.Event().wait()
