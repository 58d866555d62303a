#!/usr/bin/env python3
"""Get files back from a Holdfast repository, without Holdfast.

    python3 recover.py list    REPO                      what is in it, and which private key opens it
    python3 recover.py verify  REPO                      is it whole? (needs no key)
    python3 recover.py restore REPO [WHAT] --key ops.private.asc --to DIR
                       WHAT: a snapshot id from "list", or a source's name, or "latest"

REPO is a folder: first copy the repository from where it is stored (RECOVERY.md says how).
Needs Python 3.9 or newer, the program "zstd", and a program that speaks RFC 9580 OpenPGP:
rsop, sqop, sq or gosop, or any other "Stateless OpenPGP" program with --sop PROGRAM.
Nothing is ever written to REPO. All of the format is in docs/format.md of Holdfast; what is
needed of it is explained below, so that you can mend this script if you must.
"""
import argparse, base64, collections, contextlib, errno, fnmatch, getpass, hashlib, hmac, json, os, re, resource
import shutil, signal, stat, subprocess, sys, tarfile, tempfile, time

SOPS = ["rsop", "sqop", "gosop", "sop", "pgpainless-cli"]  # all take the same arguments
INSTALL = "Install one: apt install rsop (or sqop, sq, gosop; in Debian 13)."
PACKS_KEPT_BYTES = 2 << 30  # unpacked packs that are kept on disk, because many files share a pack
HEX64 = re.compile(r"[0-9a-f]{64}")


class Stop(Exception):
    """Nothing more can be done; the message says why, and what to do."""


class Damage(Exception):
    """One object or one file cannot be given back. The rest can."""


def say(text=""):
    print("\r\033[K" + text if sys.stderr.isatty() and sys.stdout.isatty() else text, flush=True)


def progress(text):
    if sys.stderr.isatty() and time.monotonic() - progress.last > 0.2:
        progress.last = time.monotonic()
        print("\r\033[K" + text[:100], end="", file=sys.stderr, flush=True)
progress.last = 0.0


def show(name):
    """A name as text that cannot play tricks with the terminal."""
    text = name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else str(name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def size_text(count):
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}" if unit != "B" else f"{count} B"
        count /= 1000
    return f"{count:.4g} TB"


# ---- OpenPGP: just enough to look at it; what is secret or signed is left to a real program --------------

def dearmor(data):
    if not data.startswith(b"-----BEGIN PGP"):
        return data
    lines = data.replace(b"\r", b"").split(b"\n\n", 1)[1].split(b"\n-----END")[0].splitlines()
    return base64.b64decode(b"".join(line for line in lines if not line.startswith(b"=")))


def packets(data):
    """Yields (tag, body) of each packet (RFC 9580, section 4.2)."""
    at = 0
    while at < len(data):
        tag, body, more = data[at], b"", True
        if tag & 0x40:
            at, tag = at + 1, tag & 0x3F
            while more:
                first = data[at]
                more = 224 <= first < 255  # a part of the body; another follows
                if first < 192: at, size = at + 1, first
                elif more: at, size = at + 1, 1 << (first & 31)
                elif first < 224: at, size = at + 2, (first - 192 << 8) + data[at + 1] + 192
                else: at, size = at + 5, int.from_bytes(data[at + 1:at + 5], "big")
                body, at = body + data[at:at + size], at + size
        else:  # the old form
            width = (1, 2, 4, 0)[tag & 3]
            size = int.from_bytes(data[at + 1:at + 1 + width], "big") if width else len(data)
            body, at, tag = data[at + 1 + width:at + 1 + width + size], at + 1 + width + size, tag >> 2 & 15
        yield tag, body


def fingerprint(body):
    """Of a public or secret key packet; for a secret one only version 6."""
    if body[0] == 6:
        body = body[:10 + int.from_bytes(body[6:10], "big")]  # leaves out the secret part
        return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest()
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest()


def recipients(message):
    """The ids or fingerprints of the keys that a message is encrypted to."""
    bodies = [body for tag, body in packets(message) if tag == 1]
    return [body[3:2 + body[1]].hex() if body[0] == 6 else body[1:9].hex() for body in bodies]


# ---- Programs ----------------------------------------------------------------------------------------------

def run(command, data=None, **more):
    try:
        return subprocess.run(command, input=data, stderr=subprocess.PIPE, **{"stdout": subprocess.PIPE, **more})
    except OSError as error:
        raise Stop(f"Cannot run {command[0]}: {error.strerror}.")


class Failed(Exception):
    """A program did not do what it was asked to."""
    def __init__(self, program, result):
        lines = [line.strip() for line in result.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        super().__init__(f"{program} says: {show(lines[-1]) if lines else 'nothing'} (exit code {result.returncode})")


class Sop:
    """Any program with the Stateless OpenPGP command line."""
    def __init__(self, path, private):
        self.path, self.name, self.private = path, os.path.basename(path), private

    def call(self, *arguments, data):
        result = run([self.path, *arguments], data)
        if result.returncode != 0:
            raise Failed(self.name, result)
        return result.stdout

    def decrypt(self, message, key, passphrase=None):
        options = [f"--with-key-password={passphrase}"] if passphrase else []
        return self.call("decrypt", *options, key, data=message)

    def decrypt_signed(self, message, key, cert):
        """Returns the content, and whether the owner of `cert` signed it."""
        out = os.path.join(self.private, "verifications")
        content = self.call("decrypt", f"--verifications-out={out}", f"--verify-with={cert}", key, data=message)
        with open(out) as file:
            good = os.path.basename(cert)[:64] in file.read().lower()  # one line for each good signature
        os.unlink(out)
        return content, good

    def verify(self, message, cert):
        """Returns what was signed."""
        return self.call("inline-verify", cert, data=message)

    def public_part(self, key):
        with open(key, "rb") as file:
            return self.call("extract-cert", data=file.read())


class Sq(Sop):
    """Sequoia's own program."""
    def decrypt(self, message, key, passphrase=None):
        options = ["--password-file", passphrase] if passphrase else []
        return self.call("--home=none", "--batch", *options, "decrypt", "--recipient-file", key, data=message)

    def decrypt_signed(self, message, key, cert):
        with contextlib.suppress(Failed):
            arguments = ["decrypt", "--recipient-file", key, "--signer-file", cert]
            return self.call("--home=none", "--batch", *arguments, data=message), True
        return self.decrypt(message, key), False

    def verify(self, message, cert):
        return self.call("--home=none", "--batch", "verify", "--message", "--signer-file", cert, data=message)

    def public_part(self, key):
        raise ValueError("not with sq")


def find_programs(wanted, private):
    names = [wanted] if wanted else SOPS + ["sq"]
    found = [path for path in map(shutil.which, names) if path]
    if wanted and not found:
        raise Stop(f"There is no program {wanted}.")
    return [(Sq if os.path.basename(path) == "sq" else Sop)(path, private) for path in found]


# ---- The repository: names and seals -----------------------------------------------------------------------

class Repository:
    """REPO/SOURCE/GENERATION/{generation.pgp, packs/, index/, snapshots/, seals/}; REPO/agents/: who may sign.

    A seal is a signed, public statement of one snapshot, as JSON: which objects a restore of it takes, each
    with its SHA-256. A snapshot without a seal is unfinished and does not count.
    SOURCE/marks/: what "prune" removed (its objects may be gone), and packs that it wrote anew under other names.
    """
    def __init__(self, folder):
        self.folder, self.seals, self.marks, self.problems, self.id = folder, [], [], [], None
        try:
            marker = json.loads(self.read("holdfast.json"))
            self.id = marker["id"]
        except (OSError, ValueError, KeyError, TypeError):
            marker = {"format": 1}
            self.problems.append("holdfast.json is missing or damaged")
        if marker["format"] != 1:
            raise Stop(f"This repository has format {marker['format']}; this script reads format 1. "
                       "Use the recover.py that lies in the repository.")
        for source in sorted(self.names()):
            for generation in sorted(self.names(source)):
                for name in sorted(self.names(source, generation, "seals")):
                    if re.fullmatch(r"\d{10}-[0-9a-f]{16}\.asc", name):
                        self.read_seal(source, generation, name)
            for name in sorted(self.names(source, "marks")):
                self.read_mark(source, name)
        self.seals.sort(key=lambda seal: (seal["finished"], seal["sequence"]))
        if not self.seals:
            raise Stop(f"{folder} holds no snapshot" + (
                ": it is no repository. Name the folder that holds holdfast.json." if self.problems else "."))

    def names(self, *parts):
        place = os.path.join(self.folder, *parts)
        return os.listdir(place) if os.path.isdir(place) and not os.path.islink(place) else []

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def read_seal(self, source, generation, file):
        name = f"{source}/{generation}/seals/{file}"
        try:
            message = self.read(name)
            payload = next(body[6 + body[1]:] for tag, body in packets(dearmor(message)) if tag == 11)
            seal = json.loads(payload)
            says = f"{seal['source']}/{seal['generation']}/seals/{seal['sequence']:010}-{seal['snapshot']['id']}.asc"
            if says != name or self.id not in (None, seal["repository"]) or seal["format"] != 1:
                raise ValueError("it belongs elsewhere")
            seal.update(file=name, place=f"{source}/{generation}", message=message, payload=payload,
                        hash=hashlib.sha256(payload).hexdigest())
            self.seals.append(seal)
        except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
            self.problems.append(f"{name}: not a whole seal ({error!r})")

    def read_mark(self, source, file):
        name = f"{source}/marks/{file}"
        try:
            message = self.read(name)
            payload = next(body[6 + body[1]:] for tag, body in packets(dearmor(message)) if tag == 11)
            mark = json.loads(payload)
            if f"{mark['source']}/marks/{mark['id']}.asc" != name or self.id not in (None, mark["repository"]) or mark["format"] != 1:
                raise ValueError("it belongs elsewhere")
            self.marks.append({"repacked": [], **mark, "file": name, "message": message, "payload": payload})
        except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
            self.problems.append(f"{name}: not a whole mark ({error!r})")

    def pruned(self, source, first, last):
        """Whether marks say that all these seals were removed; and the hash of the last, where it is known."""
        runs = [run for mark in self.marks if mark["source"] == source for run in mark["removed"]]
        gone = all(any(start <= number <= end for start, end, _ in runs) for number in range(first, last + 1))
        return gone, next((hash for _, end, hash in runs if end == last), None)

    def is_pruned(self, seal):
        """The newest snapshot of a source never is, whatever a mark says."""
        newest = max(other["sequence"] for other in self.seals if other["source"] == seal["source"])
        return seal["sequence"] < newest and self.pruned(seal["source"], seal["sequence"], seal["sequence"])[0]

    def object(self, name, sha256):
        """An object's bytes, which must be those that the seal means (if it tells: `sha256`)."""
        try:
            data = self.read(name)
        except OSError as error:
            raise Damage(f"{name} is missing or cannot be read: {error.strerror}")
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise Damage(f"{name} is damaged: its bytes have changed since it was written")
        return data

    def needs(self, seal):
        """Packs and index objects that a seal lists: {name: size}. Most list only what the seal before lacks."""
        line = [seal]
        while line[-1]["needs"]["base"]:
            base = [other for other in self.seals if other["hash"] == line[-1]["needs"]["base"]]
            if not base:
                raise Damage(f"the seal before {line[-1]['file']} is missing or damaged")
            line.append(base[0])
        packs, index = {}, {}
        for step in reversed(line):
            packs.update(step["needs"]["packs"])
            index.update(step["needs"]["index"])
            for name in step["needs"]["dropped"]:
                packs.pop(name, None)
        for mark in self.marks:
            for again in mark["repacked"]:
                if again["generation"] != seal["generation"] or seal["snapshot"]["id"] not in again["snapshots"]:
                    continue
                names = [pack_name(seal["place"], name) for name, _ in again["packs"]]
                names += [f"{seal['place']}/index/{name}.pgp" for name, _ in again["index"]]
                if all(os.path.exists(os.path.join(self.folder, name)) for name in names):
                    for name in again["replaced"]:
                        packs.pop(name, None)
                    packs.update(again["packs"])
                    index.update(again["index"])
        return packs, index

    def lying_there(self, place, kind):
        """All packs or index objects of a generation, needed or not: {name: size}."""
        return {file[:64]: os.path.getsize(os.path.join(folder, file))
                for folder, _, files in os.walk(os.path.join(self.folder, place, kind))
                for file in files if HEX64.fullmatch(file[:-4])}

    def agent(self, seal):
        """The file with the public key that signed. Its name is the key's fingerprint: check that, too."""
        path = os.path.join(self.folder, "agents", seal["agent"] + ".asc")
        try:
            tag, body = next(packets(dearmor(open(path, "rb").read())))
            if tag == 6 and HEX64.fullmatch(seal["agent"]) and fingerprint(body) == seal["agent"]:
                return path
        except (OSError, ValueError, IndexError, StopIteration):
            pass
        raise Damage(f"agents/{seal['agent']}.asc, whose key signed {seal['file']}, is missing or damaged")

    def check_signature(self, seal, programs):
        """Returns why the seal's signature is not good, or None. The program that knew goes first from now on."""
        reasons = []
        for program in list(programs):
            try:
                if program.verify(seal["message"], self.agent(seal)) != seal["payload"]:
                    return "what is signed is not what it shows"
                programs.remove(program)
                programs.insert(0, program)
                return None
            except (Failed, Damage) as reason:  # an old program may not know keys of version 6
                reasons.append(str(reason))
        return "; ".join(reasons)


def pack_name(place, name):
    return f"{place}/packs/{name[:2]}/{name}.pgp"


# ---- Secrets -----------------------------------------------------------------------------------------------

def open_generation(repository, seal, programs, options, private):
    """Decrypts generation.pgp: JSON with the key of all packs and the key of all blob ids of this generation."""
    place, tried = seal["place"], []
    known = {item["name"]: item["sha256"] for item in seal["secrets"]}
    names = [name for name in sorted(repository.names(place)) if re.fullmatch(r"generation(-\d+)?\.pgp", name)]
    for name in names or ["generation.pgp"]:  # generation-2.pgp …: for keys that were added later
        try:
            message = repository.object(f"{place}/{name}", known.get(name))
            secrets = json.loads(decrypt_generation(message, programs[0], options, private))
        except (Damage, Failed, ValueError) as error:
            tried.append(f"{name}: {error}")
            continue
        key = secrets["privateKey"].encode()
        if seal["generationKey"] not in [fingerprint(body) for tag, body in packets(dearmor(key)) if tag == 7]:
            tried.append(f"{name}: it does not hold the key that the seal names: it was replaced, or added by somebody else.")
            continue
        return write_private(private, "generation.key", key), base64.b64decode(secrets["blobIdKey"])
    raise Stop(f"Cannot open the keys of {place}:\n  " + "\n  ".join(tried))


def combine_shares(files):
    """The passphrase of a key in shares. Each byte is the value at 0 of a polynomial over GF(2^8), modulo x^8+x^4+x^3+x+1."""
    digits, shares, needed, keys = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", {}, 0, set()  # Crockford's base32
    for file in files:
        try:
            with open(file, encoding="utf-8") as opened:
                field = r"^[ \t]*(key|share|threshold|secret|checksum)[ \t:]+(.*?)\s*$"
                fields = dict(re.findall(field, opened.read().lower(), re.M))
            key, (number, total) = re.sub(r"\s", "", fields["key"]), fields["share"].split(" of ")
            alike = str.maketrans("OIL", "011")
            typed = [re.sub(r"[\s-]", "", fields[name]).upper().translate(alike) for name in ("secret", "checksum")]
            secret, checksum = ("".join(f"{digits.index(c):05b}" for c in text) for text in typed)
            data = int(secret, 2).to_bytes(25, "big") if len(secret) == 200 else b""
        except (OSError, KeyError, ValueError) as error:
            raise Stop(f"{file} is not a readable share of a key: {error}")
        said = f"holdfast-key-share\n1\n{key}\n{int(number)}\n{int(total)}\n{int(fields['threshold'])}\n{data.hex()}\n"
        if f"{int(hashlib.sha256(said.encode()).hexdigest()[:10], 16):040b}" != checksum:
            raise Stop(f"The share {file} is damaged or mistyped: its checksum does not match.")
        shares[data[24]], needed = data, int(fields["threshold"])
        keys.add(key)
    if len(keys) > 1:
        raise Stop(f"These shares belong to different keys: {', '.join(sorted(keys))}.")
    if len(shares) < needed:
        raise Stop(f"It takes {needed} different shares to open this key; there are {len(shares)}.")

    def times(a, b):
        product = 0
        while b:
            product ^= a if b & 1 else 0
            a, b = (a << 1) ^ (0x11B if a & 0x80 else 0), b >> 1
        return product

    secret = bytearray(24)
    for x, data in shares.items():
        weight = 1
        for other in shares:
            if other != x:  # other / (other - x): a number to the power of 254 is its inverse
                inverse = other ^ x
                for _ in range(6):
                    inverse = times(times(inverse, inverse), other ^ x)
                weight = times(weight, times(other, times(inverse, inverse)))
        for at in range(24):
            secret[at] ^= times(data[at], weight)
    bits = "".join(f"{byte:08b}" for byte in secret) + "000"
    return "".join(digits[int(bits[at:at + 5], 2)] for at in range(0, 195, 5)).encode()


def decrypt_generation(message, program, options, private):
    if options.key == "gpg":
        loopback = ["--batch", "--pinentry-mode", "loopback", "--passphrase-file", options.passphrase_file]
        with contextlib.suppress(OSError):
            os.environ.setdefault("GPG_TTY", os.ttyname(0))  # where gpg asks for the passphrase
        file = write_private(private, "generation.pgp", message)
        result = run(["gpg", "--quiet", *(loopback if options.passphrase_file else []), "--decrypt", file])
        if result.returncode != 0:
            raise Failed("gpg", result)
        return result.stdout
    with contextlib.suppress(Failed, ValueError, IndexError):  # is it the right key at all?
        public = dearmor(program.public_part(options.key))
        mine = [fingerprint(body) for tag, body in packets(public) if tag in (6, 14)]
        ids = recipients(message)
        if not any(key.startswith(to) or key.endswith(to) or set(to) == {"0"} for key in mine for to in ids):
            raise Damage(f"wrong key: {options.key} is the key {mine[0].upper()}, "
                         f"but this takes the one with the id {' or '.join(ids).upper()}")
    passphrase = None
    if options.share:
        passphrase = write_private(private, "passphrase", combine_shares(options.share))
        try:
            return program.decrypt(message, options.key, passphrase)
        except Failed as failure:
            raise Damage(f"these shares do not open {options.key}: are they all of this key, and of one splitting? {failure}")
    if options.passphrase_file:
        try:
            with open(options.passphrase_file, "rb") as file:
                passphrase = write_private(private, "passphrase", re.sub(rb"\r?\n\Z", b"", file.read()))
        except OSError as error:
            raise Stop(f"Cannot read the passphrase file {options.passphrase_file}: {error.strerror}.")
    while True:
        try:
            return program.decrypt(message, options.key, passphrase)
        except Failed as failure:
            if options.passphrase_file:
                raise Damage(f"wrong passphrase in {options.passphrase_file}, or the key file is damaged. {failure}")
            if not sys.stdin.isatty():
                raise Damage(f"the key has a passphrase: use --passphrase-file. (Or it is damaged.) {failure}")
            if passphrase:
                say("That is not the passphrase; try again, or stop with Ctrl-C.")
            typed = getpass.getpass(f"Passphrase of {options.key}: ")
            passphrase = write_private(private, "passphrase", typed.encode())


def write_private(folder, name, data):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    return path


# ---- Packs and blobs -----------------------------------------------------------------------------------------

class Blobs:
    """Gives back blobs: pieces of files, and directory listings, by their ids.

    A pack is an OpenPGP message; decrypted, it is a .tar.zst with one member "blobs/<id>" for each blob. The
    index says which blob is in which pack; without it, every pack is opened and looked into.
    A member "blobs/<id>.delta" is a blob as what differs from another one, its base: "zstd -d -D BASE" decodes it.
    Its bytes 8 to 72 are the base's id; zstd passes over them. A base is no delta itself.
    An id is HMAC-SHA256(key of the ids, content): what passes that is what the backup saw.
    """
    def __init__(self, repository, place, program, key, id_key, work):
        self.repository, self.place, self.program = repository, place, program
        self.key, self.id_key, self.work = key, id_key, work
        self.packs = []  # names
        self.where, self.elsewhere = {}, {}  # id → number of its pack; and of more packs, for a few
        self.open, self.open_bytes = collections.OrderedDict(), 0  # number → unpacked; the last used is the last
        self.bad, self.used, self.checked = set(), set(), 0

    def locate(self, packs, index, problems):
        self.packs, unknown = sorted(packs), set(packs)
        numbers = {name: number for number, name in enumerate(self.packs)}
        for name in sorted(index):
            try:
                lines = self.read_index(name)
            except Damage as damage:
                problems.append(str(damage))
                say(f"DAMAGED  {damage}; going on without it")
                continue
            for record in lines:
                if record["pack"] in unknown:
                    unknown.remove(record["pack"])
                    for frame in record["frames"]:
                        for blob in frame["blobs"]:
                            self.add(blob[0], numbers[record["pack"]])
        for count, name in enumerate(sorted(unknown)):
            progress(f"looking into pack {count + 1} of {len(unknown)}")
            with contextlib.suppress(Damage):  # is told when something needs it
                for blob in self.unpack(numbers[name])[1]:
                    self.add(blob, numbers[name])

    def add(self, blob, number):
        if self.where.setdefault(bytes.fromhex(blob), number) != number:
            self.elsewhere.setdefault(bytes.fromhex(blob), []).append(number)

    def read_index(self, name):
        """JSON lines, in zstd, signed, encrypted. (The seal names it by its hash: that vouches for it.)"""
        path = f"{self.place}/index/{name}.pgp"
        result = run(["zstd", "-dcq"], self.decrypt(path, name))
        if result.returncode != 0:
            raise Damage(f"{path} does not decompress")
        return [json.loads(line) for line in result.stdout.splitlines()[1:]]  # the first says where it belongs

    def decrypt(self, path, sha256):
        message = self.repository.object(path, sha256)
        try:
            return self.program.decrypt(message, self.key)
        except Failed as failure:
            raise Damage(f"{path} does not decrypt; {failure}")

    def unpack(self, number):
        """Returns an unnamed file with the pack's tar, and where in it each blob lies."""
        if number in self.open:
            self.open.move_to_end(number)
            return self.open[number]
        path = pack_name(self.place, self.packs[number])
        if number in self.bad:
            raise Damage(f"it needs packs/…/{self.packs[number][:16]}….pgp, which is damaged")
        try:
            content = self.decrypt(path, self.packs[number])
            file = tempfile.TemporaryFile(dir=self.work)
            if run(["zstd", "-dcq"], content, stdout=file).returncode != 0:
                if shutil.disk_usage(self.work).free < 1 << 24:
                    raise Stop("The disk is full. Make room and run again with --continue.")
                raise Damage(f"{path} does not decompress")
            blobs = {}
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for member in tar:
                    if not re.fullmatch(r"blobs/[0-9a-f]{64}(\.delta)?", member.name):
                        raise Damage(f"{path} holds {show(member.name)}, which only a newer recover.py reads")
                    blobs[member.name[6:70]] = (member.offset_data, member.size, member.name.endswith(".delta"))
        except (Damage, tarfile.TarError) as problem:
            self.bad.add(number)
            say(f"DAMAGED  {problem}")
            return self.unpack(number)  # raises what every later caller gets
        self.used.add(number)
        self.open[number] = (file, blobs)
        self.open_bytes += os.fstat(file.fileno()).st_size
        while self.open_bytes > PACKS_KEPT_BYTES and len(self.open) > 1:
            old = self.open.popitem(last=False)[1][0]
            self.open_bytes -= os.fstat(old.fileno()).st_size
            old.close()
        return self.open[number]

    def read_delta(self, delta):
        """What a delta stands for. Its base comes through a file that nobody else can read."""
        base = delta[8:72].decode("latin-1")
        if not HEX64.fullmatch(base):
            raise Damage("a delta names no base")
        with tempfile.NamedTemporaryFile(dir=self.work) as dictionary:
            dictionary.write(self.read(base, is_base=True))
            dictionary.flush()
            result = run(["zstd", "-dcq", "-D", dictionary.name], delta)
        if result.returncode != 0:
            raise Damage("a delta does not decompress")
        return result.stdout

    def read(self, blob, is_base=False):
        name = bytes.fromhex(blob)
        if name not in self.where:
            raise Damage(f"no pack that is whole holds its blob {blob[:16]}…")
        problem = None
        for number in [self.where[name], *self.elsewhere.get(name, [])]:
            try:
                file, blobs = self.unpack(number)
                offset, size, is_delta = blobs.get(blob, (0, 0, False))
                if is_delta and is_base:
                    raise Damage(f"its blob {blob[:16]}… is a delta, and another one builds on it")
                content = os.pread(file.fileno(), size, offset)
                if is_delta:
                    content = self.read_delta(content)
                if hmac.compare_digest(hmac.new(self.id_key, content, "sha256").hexdigest(), blob):
                    self.checked += 1
                    return content
                raise Damage(f"packs/…/{self.packs[number][:16]}….pgp holds other content than its blob {blob[:16]}…")
            except Damage as damage:
                problem = damage
        raise problem


# ---- Writing files -------------------------------------------------------------------------------------------

class Folder:
    """A directory that is being restored: made when something in it is; its attributes are set when all is there."""
    def __init__(self, writer, parent, name, entry, path):
        self.writer, self.parent, self.name, self.entry, self.path = writer, parent, name, entry, path
        self.handle = None

    def fd(self):
        if self.handle is None:
            parent = self.parent.fd()
            try:
                os.mkdir(self.name, 0o700, dir_fd=parent)
            except FileExistsError:  # with --continue
                if stat.S_ISDIR(os.stat(self.name, dir_fd=parent, follow_symlinks=False).st_mode):
                    os.chmod(self.name, 0o700, dir_fd=parent)
            self.handle = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
            self.writer.count["folders"] += 1
        return self.handle

    def close(self):
        if self.handle is not None:
            self.writer.attributes(self.handle, self.entry, self.path)
            os.close(self.handle)


class Writer:
    """Writes entries below one directory.

    Everything is made in a private folder there (`work`) and gets its name when it is complete. Names are used
    relative to open directories, without following links: nothing can land outside, whatever the repository says.
    """
    def __init__(self, blobs, to, work, options):
        self.blobs, self.work, self.new, self.options = blobs, work, os.path.join(work, b"new"), options
        self.include = [os.fsencode(pattern.strip("/")) for pattern in options.include]
        self.count = collections.Counter(folders=0, files=0, bytes=0)
        self.lost, self.skipped, self.links = [], collections.Counter(), {}
        self.root = Folder(self, None, b"", None, b"")
        self.root.handle = os.open(to, os.O_RDONLY | os.O_DIRECTORY)
        self.is_root = os.geteuid() == 0

    def lose(self, path, why):
        self.lost.append(path)
        say(f"LOST     {show(path)}: {why}")

    def wanted(self, path):
        return not self.include or any(fnmatch.fnmatchcase(path, pattern) for pattern in self.include)

    def may_hold_wanted(self, path):
        starts = [re.split(rb"[*?[]", pattern)[0] for pattern in self.include]
        return any((path + b"/").startswith(start) or start.startswith(path + b"/") for start in starts)

    def listing(self, directory, folder, above=False):
        """Restores what a directory lists: JSON lines, in one or more blobs; one line for each entry."""
        for blob in directory["tree"]:
            try:
                lines = self.blobs.read(blob).split(b"\n")[:-1]
            except Damage as damage:
                self.lose(folder.path + b"/ (entries of this folder)", damage)
                continue
            for entry in map(json.loads, lines):
                name = bytes_of(entry, "name")
                path = os.path.join(folder.path, name)
                if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
                    self.lose(path, "a name that cannot be; refused")
                    continue
                take = above or self.wanted(path)
                try:
                    self.entry(entry, name, path, folder, take)
                except OSError as error:
                    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
                        raise Stop(f"Cannot write {show(path)}: {error.strerror}. Mend it; run again with --continue.")
                    self.lose(path, error.strerror)
                except (Damage, RecursionError, ValueError, KeyError, TypeError) as problem:
                    self.lose(path, problem)

    def entry(self, entry, name, path, folder, take):
        if entry["type"] == "directory":
            if take or self.may_hold_wanted(path):
                inner = Folder(self, folder, name, entry, path)
                if take:
                    inner.fd()
                self.listing(entry, inner, take)
                inner.close()
            return
        if not take:
            return
        progress(f"{self.count['files']} files, {size_text(self.count['bytes'])}: {show(path)}")
        inode = entry.get("hardlink")  # equal for all names of one file; `links` keeps a spare name for each
        spare = self.links.get(inode) or os.path.join(self.work, b"link-%d" % len(self.links))
        if inode in self.links:
            self.link(spare, name, folder)
        elif self.keep(entry, name, folder):
            if inode:
                os.link(name, spare, src_dir_fd=folder.fd(), follow_symlinks=False)
        else:
            self.make(entry, path)
            if inode:
                os.rename(self.new, spare)
                self.link(spare, name, folder)
            else:
                os.rename(self.new, name, dst_dir_fd=folder.fd())
        if inode:
            self.links[inode] = spare
        self.count["files" if entry["type"] == "file" else "links, pipes and devices"] += 1

    def link(self, existing, name, folder):
        if self.options.resume:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder.fd())
        os.link(existing, name, dst_dir_fd=folder.fd(), follow_symlinks=False)

    def keep(self, entry, name, folder):
        """With --continue: is it there already? A file has its name and its time only when it is complete."""
        if not self.options.resume or entry["type"] != "file":
            return False
        try:
            there = os.stat(name, dir_fd=folder.fd(), follow_symlinks=False)
        except FileNotFoundError:
            return False
        same = (stat.S_ISREG(there.st_mode) and there.st_size == entry["size"]
                and there.st_mtime_ns == int(entry["mtime"]))
        self.count["files kept from an earlier run"] += same
        return same

    def make(self, entry, path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.new)
        kind = entry["type"]
        if kind == "file":
            fd = os.open(self.new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                self.content(fd, entry, path)
            finally:
                os.close(fd)
        elif kind == "symlink":
            os.symlink(bytes_of(entry, "target"), self.new)
        elif kind == "fifo":
            os.mkfifo(self.new, 0o600)
        elif kind in ("chardevice", "blockdevice"):
            if not self.is_root:
                raise Damage("only root can make devices")
            bit = stat.S_IFCHR if kind == "chardevice" else stat.S_IFBLK
            os.mknod(self.new, 0o600 | bit, os.makedev(*entry["device"]))
        else:
            raise Damage(f"{show(kind)} is a type that this script does not know")
        self.attributes(self.new, entry, path)

    def content(self, fd, entry, path):
        """A file's blobs, one after the other. Of a sparse file they are its extents' bytes; the rest is holes."""
        blobs = entry.get("content")
        if blobs is None:  # a very long list is itself kept in blobs
            ids = b"".join(map(self.blobs.read, entry["contentIn"]))
            blobs = [ids[at:at + 32].hex() for at in range(0, len(ids), 32)]
        os.ftruncate(fd, entry["size"])
        extents = iter(entry.get("extents", [[0, entry["size"]]]))
        offset, left = next(extents, (0, 0))
        for blob in blobs:
            data = memoryview(self.blobs.read(blob))
            while data:
                if left == 0:
                    offset, left = next(extents, (0, 0))
                if left == 0 or offset + left > entry["size"]:
                    raise Damage("it has more content than its size says")
                count = os.pwrite(fd, data[:left], offset)
                data, offset, left = data[count:], offset + count, left - count
                self.count["bytes"] += count
        if left or next(extents, None):
            raise Damage("it has less content than its size says")
        if entry.get("changed"):
            say(f"NOTE     {show(path)} changed while it was backed up, so it may be inconsistent")

    def attributes(self, target, entry, path):
        """Of a path or an open folder. Owner first (that clears other bits), time last (all else changes it)."""
        follow = {} if isinstance(target, int) else {"follow_symlinks": False}
        mode = int(entry["mode"], 8)
        if self.is_root:
            self.attempt("owner", path, os.chown, target, entry["uid"], entry["gid"], **follow)
        elif (entry["uid"], entry["gid"]) != (os.geteuid(), os.getegid()):
            self.skipped["owner"] += 1
            mode &= 0o1777  # setuid and setgid were meant for another owner
        if hasattr(os, "setxattr"):  # Linux
            xattrs = entry.get("xattrs", {})
            for name in os.listxattr(target, **follow):
                if name.startswith("system.posix_acl_") and name not in xattrs:
                    os.removexattr(target, name, **follow)  # inherited from the folder that it was made in
            for name, value in xattrs.items():
                what = f"attribute {show(name)}"
                self.attempt(what, path, os.setxattr, target, name.encode(), base64.b64decode(value), **follow)
        elif "xattrs" in entry:
            self.skipped["extended attributes"] += 1
        if entry["type"] != "symlink":
            self.attempt("mode", path, os.chmod, target, mode)
        self.attempt("time", path, os.utime, target, ns=(int(entry["mtime"]),) * 2, **follow)

    def attempt(self, what, path, function, *arguments, **more):
        try:
            function(*arguments, **more)
        except OSError as error:
            if self.skipped[what] < 3:
                say(f"NOTE     {show(path) or '.'}: {what} not set: {error.strerror}")
            self.skipped[what] += 1


def bytes_of(entry, member):
    """Names are bytes. Those that are not UTF-8 are in base64, under another member."""
    text = entry.get(member)
    return base64.b64decode(entry[member + "Bytes"]) if text is None else text.encode()


# ---- Commands --------------------------------------------------------------------------------------------------

def list_snapshots(repository, options, private):
    say(f"{'snapshot':18}{'source':16}{'kind':13}{'finished (UTC)':22}{'entries':>10}{'size':>10}  warnings")
    for seal in repository.seals:
        finished = seal["finished"][:19].replace("T", " ")
        note = "pruned: may be incomplete" if repository.is_pruned(seal) else seal["warnings"] or ""
        say(f"{seal['snapshot']['id']:18}{seal['source']:16}{seal['kind']:13}{finished:22}{seal['entries']['total']:>10}"
            f"{size_text(seal['bytes']['source']):>10}  {note}")
    for problem in repository.problems:
        say(f"DAMAGED  {problem}")
    seal = repository.seals[-1]
    with contextlib.suppress(OSError, IndexError):
        ids = recipients(repository.read(seal["place"] + "/generation.pgp"))
        say("\nThe newest opens with the private key that has the id " + " or ".join(ids).upper())
    say(f"Next: python3 recover.py restore {options.repository} {seal['snapshot']['id']} --key KEY-FILE --to NEW-FOLDER")
    return not repository.problems


def choose(repository, what):
    seals = repository.seals
    if what in {seal["source"] for seal in seals}:
        seals = [seal for seal in seals if seal["source"] == what]
    elif what != "latest":
        seals = [seal for seal in seals if len(what) >= 4 and seal["snapshot"]["id"].startswith(what)]
    elif len({seal["source"] for seal in seals}) > 1:
        raise Stop("There are several sources; name one: " + ", ".join(sorted({seal["source"] for seal in seals})))
    if not seals or (what not in ("latest", seals[0]["source"]) and len(seals) > 1):
        raise Stop(f"There is no snapshot {what}, or several. See: python3 recover.py list {repository.folder}")
    return seals[-1]


def ready(options, private):
    """Looks at everything that a restore takes, before it begins."""
    programs = find_programs(options.sop, private)
    if not programs:
        gpg = " GnuPG is here, but it can open only generation.pgp." if shutil.which("gpg") else ""
        raise Stop(f"There is no OpenPGP program that knows RFC 9580. {INSTALL}{gpg}")
    if not shutil.which("zstd"):
        raise Stop('There is no program "zstd". Install it: apt install zstd')
    if options.key != "gpg":
        try:
            with open(options.key, "rb") as file:
                if b"BEGIN PGP PUBLIC KEY" in file.read():
                    raise Stop(f"{options.key} is a public key. It takes the private key, such as ops.private.asc.")
        except OSError as error:
            raise Stop(f"Cannot read the key {options.key}: {error.strerror}.")
    if os.path.isdir(options.to) and os.listdir(options.to) and not options.resume:
        raise Stop(f"{options.to} is not empty. Name a new folder, or complete an earlier attempt with --continue.")
    return programs


def open_snapshot(repository, seal, program, key, options):
    """Returns the snapshot's JSON, and what was checked."""
    path = f"{seal['place']}/snapshots/{seal['snapshot']['id']}.pgp"
    try:
        message, good = repository.object(path, seal["snapshot"]["sha256"]), False
        try:
            payload, good = program.decrypt_signed(message, key, repository.agent(seal))
        except Damage:  # no public key of the agent
            payload = program.decrypt(message, key)
    except (Failed, Damage) as failure:
        raise Stop(f"Cannot open the snapshot: {failure}.\nTry another one (see \"list\"), or another program (--sop).")
    if hashlib.sha256(payload).hexdigest()[:16] != seal["snapshot"]["id"]:
        raise Stop(f"{path} holds another snapshot than the seal says: it was tampered with.")
    if not good and not options.unverified:
        raise Stop(f"{path} is not signed by the agent. With --unverified it goes on all the same.")
    return json.loads(payload), "good" if good else "NOT VERIFIED"


def restore(repository, options, private):
    seal = choose(repository, options.snapshot)
    programs = ready(options, private)
    reason = repository.check_signature(seal, programs)
    if options.agent and options.agent.lower() != seal["agent"]:
        reason = f"it is signed by {seal['agent']}, not by the agent that you named"
    if reason and not options.unverified:
        raise Stop(f"{seal['file']}: its signature does not verify: {reason}.\nIt is damaged or forged, or the program "
                   "is too old. Try another program (--sop) or snapshot. With --unverified it goes on all the same.")
    program, problems = programs[0], list(repository.problems)
    if repository.is_pruned(seal):
        say("NOTE     This snapshot was pruned: some of it may be gone.")
    size = seal["bytes"]["source"]
    say(f"Snapshot {seal['snapshot']['id']} of {seal['source']}, {seal['finished']}: {seal['entries']['total']} entries, "
        f"{size_text(size)}. Using {program.path}.")
    key, id_key = open_generation(repository, seal, programs, options, private)
    snapshot, signature = open_snapshot(repository, seal, program, key, options)
    for warning in snapshot["warnings"]:
        say(f"NOTE     the backup said: {show(warning['path'])}: {show(warning['problem'])}")

    try:
        packs, index = repository.needs(seal)
    except Damage as damage:  # then use whatever lies there: ids tell what is right
        problems.append(f"{damage}; using all packs of its generation")
        packs, index = repository.lying_there(seal["place"], "packs"), repository.lying_there(seal["place"], "index")
    for problem in problems:
        say(f"DAMAGED  {problem}")

    to = os.path.abspath(os.fsencode(options.to))
    os.makedirs(to, 0o700, exist_ok=True)
    extra, free = min(PACKS_KEPT_BYTES, 4 * sum(packs.values())), shutil.disk_usage(to).free
    say(f"It takes up to {size_text(size)} in {show(to)}, and about {size_text(extra)} more while it runs; "
        f"there are {size_text(free)}.")
    if free < size + extra:
        say("NOTE     That may not suffice. (Sparse files take less than they seem; --include restores a part.)")
    work = os.path.join(to, b".holdfast-recover")
    shutil.rmtree(work, ignore_errors=True)
    os.mkdir(work, 0o700)
    try:
        blobs = Blobs(repository, seal["place"], program, key, id_key, work)
        blobs.locate(packs, {} if options.no_index else index, problems)
        writer = Writer(blobs, to, work, options)
        writer.listing(snapshot["root"], writer.root)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if not options.include:
        writer.attributes(writer.root.handle, snapshot["root"], b"")
    os.sync()
    return report(writer, blobs, seal, problems, "NOT VERIFIED" if reason else "good", signature)


def report(writer, blobs, seal, problems, seal_signature, snapshot_signature):
    damaged, nothing = len(problems) + len(blobs.bad), writer.include and not any(writer.count.values())
    counts = [size_text(n) if what == "bytes" else f"{n} {what}" for what, n in writer.count.items() if n]
    say(f"\nRestored: {', '.join(counts) or 'nothing'}.")
    say(f"Signature of the seal: {seal_signature}; of the snapshot: {snapshot_signature}. Agent {seal['agent']}\n"
        "(is it yours? \"init\" printed that; the public key is in agents/).")
    say(f"Checked {blobs.checked} blobs against their ids, and {len(blobs.used)} packs against their names.")
    for what, count in writer.skipped.items():
        say(f"NOTE     {what}: not set {count} times" + ("" if writer.is_root else "; you are not root"))
    if nothing:
        say("NOTE     No path matches --include. Paths begin below the folder that was backed up: etc/nginx, '*.conf'")
    elif writer.lost:
        say(f"NOT COMPLETE: {len(writer.lost)} entries are LOST (named above).")
        if damaged:
            say(f"{damaged} objects of the repository are DAMAGED (named above, too). If there is another copy of the\n"
                "repository, copy these objects from it and run this again with --continue.")
    else:
        say("Complete: no entry is missing." + (f" But {damaged} objects are DAMAGED (named above)." if damaged else ""))
    return not (writer.lost or nothing)


def verify(repository, options, private):
    """Keyless. Seals tell what must be there; hashes tell whether it is what it was."""
    problems, affected, newest = list(repository.problems), collections.defaultdict(list), {}
    programs, good = find_programs(options.sop, private), 0
    for mark in repository.marks if programs else []:
        try:
            key = os.path.join(repository.folder, "drills", "operators", mark["operator"] + ".asc")
            if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", mark["operator"]) or programs[0].verify(mark["message"], key) != mark["payload"]:
                problems.append(f"{mark['file']}: what is signed is not what it shows")
        except Failed as reason:
            problems.append(f"{mark['file']}: its signature does not verify: {reason}")
    for seal in sorted(repository.seals, key=lambda seal: (seal["source"], seal["sequence"])):
        last = newest.get(seal["source"])
        next_number = last["sequence"] + 1 if last else 1
        gone, hash = repository.pruned(seal["source"], next_number, seal["sequence"] - 1)
        if seal["sequence"] > next_number and gone:
            if hash and hash != seal["previous"]:
                problems.append(f"{seal['file']}: does not follow from the seal before it, which was pruned")
        elif seal["sequence"] != next_number:
            problems.append(f"{seal['file']}: the seal before it is missing, or there are two of this number")
        elif seal["previous"] != (last["hash"] if last else None):
            problems.append(f"{seal['file']}: does not follow from the seal before it")
        newest[seal["source"]], place, snapshot = seal, seal["place"], seal["snapshot"]
        reason = repository.check_signature(seal, programs) if programs else None
        good += not reason
        if reason:
            problems.append(f"{seal['file']}: its signature does not verify: {reason}")
        if repository.is_pruned(seal):
            continue  # it stays as long as others build on it; what it needed itself may be gone
        must = {f"{place}/snapshots/{snapshot['id']}.pgp": snapshot["sha256"]}
        must.update({f"{place}/{item['name']}": item["sha256"] for item in seal["secrets"]})
        try:
            packs, index = repository.needs(seal)
            must.update({pack_name(place, name): name for name in packs})
            must.update({f"{place}/index/{name}.pgp": name for name in index})
        except Damage as damage:
            problems.append(str(damage))
        for name, sha256 in must.items():
            affected[name, sha256].append(snapshot["id"])
    for count, ((name, sha256), snapshots) in enumerate(affected.items()):
        progress(f"{count} of {len(affected)} objects")
        try:
            repository.object(name, sha256)
        except Damage as damage:
            more = f" and {len(snapshots) - 5} more" if len(snapshots) > 5 else ""
            problems.append(f"{damage}. Affects {' '.join(snapshots[:5])}{more}")
    for problem in problems:
        say(f"DAMAGED  {problem}")
    for source, seal in newest.items():
        say(f"Newest of {source}: {seal['snapshot']['id']}, {seal['finished']}. Is that the newest that you know of?")
    say(f"Signatures: {good} of {len(repository.seals)} verified with {programs[0].path}." if programs else
        f"Signatures were NOT checked: there is no OpenPGP program. {INSTALL}")
    say(f"{len(repository.seals)} seals and the {len(affected)} objects that they need. Problems: {len(problems) or 'none'}.")
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="list | verify | restore")
    for name, function in (("list", list_snapshots), ("verify", verify), ("restore", restore)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("repository", metavar="REPO", help="folder that holds holdfast.json")
        command.add_argument("--sop", metavar="PROGRAM", help="OpenPGP program to use (Stateless OpenPGP, or sq)")
    add = command.add_argument
    add("snapshot", nargs="?", default="latest", metavar="WHAT", help='snapshot id, source, or "latest"')
    add("--key", required=True, help='file with the private key; or "gpg", if GnuPG has it')
    add("--passphrase-file", metavar="FILE", help="passphrase of the key; it is asked for if left out")
    add("--share", action="append", default=[], metavar="FILE", help="a share of the key, instead of a passphrase (repeated)")
    add("--to", required=True, metavar="DIR", help="new folder for the files")
    add("--include", action="append", default=[], metavar="GLOB", help="only this: etc/nginx, '*.conf' (may be repeated)")
    add("--continue", dest="resume", action="store_true", help="complete an earlier attempt in DIR")
    add("--no-index", action="store_true", help="look into every pack instead of using the index")
    add("--agent", metavar="FINGERPRINT", help="insist that this agent signed")
    add("--unverified", action="store_true", help="go on where a signature does not verify")
    options = parser.parse_args()

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that the private folder is removed
    sys.setrecursionlimit(10_000)  # for deep folders; each is held open
    with contextlib.suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    memory = "/dev/shm" if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK) else None
    private = tempfile.mkdtemp(prefix="holdfast-", dir=memory)  # secrets touch no disk; only their owner can look
    try:
        return 0 if options.function(Repository(options.repository), options, private) else 1
    except Stop as stop:
        say(f"STOPPED  {stop}")
    except KeyboardInterrupt:
        say("STOPPED  as you asked. Run again with --continue to go on.")
    finally:
        shutil.rmtree(private, ignore_errors=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
