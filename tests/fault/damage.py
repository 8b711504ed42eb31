"""A journal that rots: flipped bits, cut ends, strange tails. What is readable is kept, what is not is set aside and told."""

import processes
from lib import Broken, Ledger

DATA_OFFSET = 4096  # of the first record


def _filled(context, waiting=8):
    project, ledger = context.project(name="template"), Ledger()
    project.must_learn(ledger, 2)
    project.drain()
    stored = set(ledger.accepted)
    order = []
    with project.no_worker_starts():
        for _ in range(waiting):
            before = set(ledger.accepted)
            project.must_learn(ledger)
            order += list(ledger.accepted - before)
    journal = (project.memory / "queue" / "journal").read_bytes()
    places = {text: journal.find(text.encode()) for text in order}
    if min(places.values()) < 0:
        raise Broken("the journal does not hold the texts as they are")
    return project, ledger, stored, order, places


def _quarantined(project):
    folder = project.memory / "queue" / "quarantine"
    return sum(path.stat().st_size for path in folder.iterdir()) if folder.exists() else 0


def _hurt(context, template, ledger, name, change, spared):
    """Changes the journal of a copy, drains, checks that `spared` survived; says how many texts went and how much was set aside."""
    project, promised = template.copy(name), Ledger(ledger)
    path = project.memory / "queue" / "journal"
    path.write_bytes(change(path.read_bytes()))
    project.must_learn(promised)  # intake goes on whatever happened to the file
    neighbours = promised.accepted - ledger.accepted
    project.drain()
    damaged = ledger.accepted - spared - neighbours
    project.check(promised, damaged=damaged)
    kept = set(project.contents())
    lost = damaged - kept
    set_aside = _quarantined(project)
    if project.stats().get("quarantined_bytes", 0) != set_aside:
        raise Broken(f"{name}: {set_aside} bytes in quarantine, stats says {project.stats().get('quarantined_bytes')}")
    project.remove()
    return len(lost), set_aside


def flipped(context):
    """Bits flip anywhere behind the header: only the text they hit may be missing, and then its bytes are set aside."""
    template, ledger, stored, order, places = _filled(context)
    begin, end = min(places.values()) - 100, max(places.values()) + 80
    lost = 0
    for number in range(1000 if context.is_full else 30):
        at, bit = context.random.randrange(begin, end), context.random.randrange(8)

        def change(content, at=at, bit=bit):
            return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]

        # records lie between the starts of their texts; the bit hits one of them, or its neighbour's head
        following = [text for text in order if places[text] > at]
        previous = [text for text in order if places[text] <= at]
        hit = set(following[:1] + previous[-1:])
        gone, set_aside = _hurt(context, template, ledger, f"flip-{number}", change, ledger.accepted - hit)
        if gone > 1:
            raise Broken(f"bit {bit} of byte {at} took {gone} texts")
        if gone and not set_aside:
            raise Broken(f"bit {bit} of byte {at}: a text is gone and nothing was set aside")
        lost += gone
    return f"{lost} texts hit"


def flipped_header(context):
    """Damage to the header page loses nothing: the records are found by themselves."""
    template, ledger, *_ = _filled(context)
    used = [at for at in range(0, 64)] + [at for at in range(512, 544)]
    for number in context.sample(range(len(used) * 8), 60):
        at, bit = used[number // 8], number % 8

        def change(content, at=at, bit=bit):
            return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]

        gone, _ = _hurt(context, template, ledger, f"header-{number}", change, ledger.accepted)
        if gone:
            raise Broken(f"bit {bit} of header byte {at} took {gone} texts")
    _hurt(context, template, ledger, "header-zero", lambda content: bytes(4096) + content[4096:], ledger.accepted)
    return ""


def cut(context):
    """The file is cut at every length of the last record: all before it is kept."""
    template, ledger, stored, order, places = _filled(context, 4)
    last = order[-1]
    head = places[order[0]] - DATA_OFFSET  # from the start of a record to its text
    begins = [places[text] - head for text in order]
    end = places[last] + len(last) + 16
    for length in context.sample(range(begins[-1] - 8, end), 60):

        def change(content, length=length):
            return content[:length]

        spared = stored | {text for text, following in zip(order, begins[1:]) if following <= length}
        _hurt(context, template, ledger, f"cut-{length}", change, spared)
    for length in (0, 1, 63, 64, 512, 4095, 4096, 4097):
        _hurt(context, template, ledger, f"short-{length}", lambda content, n=length: content[:n], stored)
    return ""


def strange_tails(context):
    """Rubbish behind the records: random bytes, a copy of a record, a long tail. Nothing doubles, nothing grows."""
    template, ledger, stored, order, places = _filled(context, 4)
    first, second = places[order[0]], places[order[1]]
    size = second - first
    tail = places[order[-1]] + size - (places[order[0]] - 4096)
    for number in range(40 if context.is_full else 10):
        noise = context.random.randbytes(context.random.randrange(1, 5000))

        def change(content, noise=noise):
            return content[:tail] + noise + content[tail + len(noise) :]

        _hurt(context, template, ledger, f"noise-{number}", change, ledger.accepted)

    def doubled(content):
        return content[:tail] + content[4096 : 4096 + size] + content[tail + size :]

    def grown(content):
        return content + context.random.randbytes(300000)

    _hurt(context, template, ledger, "doubled", doubled, ledger.accepted)
    _hurt(context, template, ledger, "grown", grown, ledger.accepted)
    return ""


def doubled_file(context):
    """A copy of the journal turns up as a segment, as after a clumsy restore: no text is stored twice."""
    template, ledger, *_ = _filled(context)
    project = template.copy("restored")
    queue = project.memory / "queue"
    content = (queue / "journal").read_bytes()
    project.drain()
    project.check(ledger)
    for name in ("seg-0000000000000001", "seg-00000000000000ff"):
        (queue / name).write_bytes(content)
        (queue / name).chmod(0o600)
    project.must_learn(ledger)
    project.drain()
    left = processes.wait_for_quiet()
    if left:
        raise Broken(f"F: {left}")
    project.check(ledger)
    return ""


TESTS = [
    ("journal-flipped-bits", flipped),
    ("journal-flipped-header", flipped_header),
    ("journal-cut", cut),
    ("journal-strange-tails", strange_tails),
    ("journal-restored-twice", doubled_file),
]
