"""A mail server of Debian's python3-aiosmtpd: server.py CERT KEY FILE smtp|lmtp. It writes its
port to the standard output, and mails to the file. It knows joe with the password secret."""

import asyncio
import ssl
import sys

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

certificate, key, file, protocol = sys.argv[1:]


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        with open(file, "ab") as f:
            f.write(envelope.content)
        if protocol == "lmtp":
            return "\r\n".join(f"250 <{to}> OK" for to in envelope.rcpt_tos)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def knows(server, session, envelope, mechanism, data):
    return AuthResult(success=data == LoginPassword(b"joe", b"secret"), handled=False)


async def serve():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: (LMTP if protocol == "lmtp" else SMTP)(
            Keeper(), hostname="mail.example.org", ident="ESMTP", loop=loop,
            tls_context=context, authenticator=knows),
        "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(serve())
