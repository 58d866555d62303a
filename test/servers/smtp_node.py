"""Serves SMTP for smtp.sh: smtp_node.py PORT MAILS PASSWORD-FILE CERTIFICATE-BASE

Keeps each mail as MAILS/N.eml: its envelope as one line of JSON, then what came. A recipient refused@… is refused for good;
the first mail for later@… is put off.
"""
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.count = len(os.listdir(folder))
        self.put_off = False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('refused@'):
            return '550 5.1.1 no such user'
        if address.startswith('later@') and not self.put_off:
            self.put_off = True
            return '451 4.7.1 try again later'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        about = {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None,
                 'authenticated': session.authenticated}
        path = os.path.join(self.folder, '%d.eml' % self.count)
        self.count += 1
        with open(path + '.part', 'wb') as file:
            file.write(json.dumps(about).encode() + b'\n' + envelope.content)
        os.rename(path + '.part', path)
        return '250 OK'


def main(port, folder, password_file, certificate):
    with open(password_file, 'rb') as file:
        password = file.read()

    def authenticate(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b'holdfast', password)
        return AuthResult(success=right, handled=False)

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate + '.cert.pem', certificate + '.key.pem')
    keeper = Keeper(folder)

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(keeper, hostname='localhost', tls_context=tls, authenticator=authenticate,
                         auth_require_tls=True, loop=loop),
            '127.0.0.1', int(port))
        await server.serve_forever()

    asyncio.run(serve())


main(*sys.argv[1:])
