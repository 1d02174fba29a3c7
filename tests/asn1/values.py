"""Random values of the types of model.py, and how they are written for Erlang."""
from model import CHARACTERS, Atom, Bits

DEPTH = 30      # below it only what must be
ELEMENTS = 3    # of a list, mostly
NEVER = 10 ** 6


class Maker:
    """Makes values; `pool` is all modules together: name -> type."""

    def __init__(self, pool, random):
        self.pool = pool
        self.random = random
        self.floor = {}
        self.left = 0
        self.settle()

    def settle(self):
        """How deep the shallowest value of each named type goes."""
        self.floor = dict.fromkeys(self.pool, NEVER)
        changed = True
        while changed:
            changed = False
            for name, made in self.pool.items():
                depth = self.depth(made)
                if depth < self.floor[name]:
                    self.floor[name], changed = depth, True

    def depth(self, made):
        if made.kind == "REF":
            return self.floor[made.name] + 1
        if made.kind == "LIST":
            return self.depth(made.element) + 1 if made.size and made.size[0] else 1
        if made.kind == "SEQUENCE":
            return 1 + max((self.depth(p.type) for p in made.root + made.additions if not p.optional), default=0)
        if made.kind == "CHOICE":
            return 1 + min(self.depth(p.type) for p in made.root + made.additions)
        return 1

    def value(self, name, budget=200):
        """A value of the type of that name, of about `budget` parts."""
        self.left = budget
        return self.make(self.pool[name], 0)

    def make(self, made, depth, outer=None):
        self.left -= 1
        outer = outer or made
        if made.kind == "REF":
            return self.make(self.pool[made.name], depth + 1, outer if outer.constraint else None)
        method = getattr(self, "make_" + made.kind.split()[0].lower(), None)
        if method:
            return method(made, outer, depth)
        return self.characters(made, outer)

    def tired(self, depth):
        return depth > DEPTH or self.left < 0

    def make_sequence(self, made, _, depth):
        likely = self.random.choice((0.1, 0.5, 0.9))
        out = {}
        for part in made.root + made.additions:
            if part.optional and (self.tired(depth) or self.random.random() > likely):
                continue
            out[part.name] = self.make(part.type, depth + 1)
        return out

    def make_choice(self, made, _, depth):
        parts = made.root + made.additions
        if self.tired(depth):
            least = min(self.depth(p.type) for p in parts)
            parts = [p for p in parts if self.depth(p.type) == least]
        part = self.random.choice(parts)
        return (Atom(part.name), self.make(part.type, depth + 1))

    def make_list(self, made, _, depth):
        least, most = made.size or (0, NEVER)
        count = least if self.tired(depth) else self.random.randint(least, max(least, min(most, ELEMENTS)))
        if self.random.random() < 0.01 and not self.tired(depth):
            count = min(most, 130)
        return [self.make(made.element, depth + 1) for _ in range(count)]

    def make_enumerated(self, made, _, __):
        return Atom(self.random.choice(made.root + made.additions)[0])

    def make_boolean(self, *_):
        return self.random.random() < 0.5

    def make_null(self, *_):
        return Atom("NULL")

    def make_integer(self, made, outer, _):
        low, high, extensible = outer.limits or made.limits or (None, None, False)
        if low is None or (extensible and self.random.random() < 0.3):
            return self.random.choice((-1, 1)) * self.random.getrandbits(self.random.choice((1, 7, 8, 9, 31, 64, 130)))
        if high is None:
            return low + self.random.getrandbits(self.random.choice((1, 7, 8, 16, 31)))
        return self.random.choice((low, high, self.random.randint(low, high),
                                   min(high, low + self.random.getrandbits(self.random.randint(0, 32)))))

    def make_object(self, *_):
        first = self.random.randint(0, 2)
        arcs = [first, self.random.randint(0, 39)]
        return tuple(arcs + [self.random.getrandbits(self.random.choice((3, 7, 8, 14, 28)))
                             for _ in range(self.random.randint(0, 6))])

    def count(self, size):
        """Octets, characters or bits."""
        least, most = size or (0, NEVER)
        usual = self.random.choice((least, least + 1, self.random.randint(least, least + 9), most))
        if self.random.random() < 0.004:
            usual = self.random.choice((127, 128, 129, 255, 256, 16383, 16384, 16385, 33000))
        return max(least, min(most, usual, 300 if self.random.random() < 0.99 else 50000))

    def make_octet(self, made, outer, _):
        return self.random.randbytes(self.count(outer.size or made.size))

    def make_bit(self, made, outer, _):
        if made.bits:
            return [Atom(n) for n, _ in made.bits if self.random.random() < 0.5]
        count = self.count(outer.size or made.size)
        return Bits(count, self.random.getrandbits(count) if count else 0)

    def characters(self, made, outer):
        letters = outer.alphabet or made.alphabet
        letters = [ord(c) for c in letters] if letters else CHARACTERS[made.kind]
        picked = [self.random.choice(letters) for _ in range(self.count(outer.size or made.size))]
        return [c if c < 256 else (0, 0, c >> 8, c & 255) for c in picked]


def replaced(value, ip4, ip6, port):
    """The value with all addresses exchanged that a proxy would exchange: TransportAddress of H.225.0,
    UnicastAddress and MulticastAddress of H.245. Their components tell them."""
    if isinstance(value, list):
        return [replaced(v, ip4, ip6, port) for v in value]
    if isinstance(value, tuple) and value and isinstance(value[0], Atom):
        return (value[0], replaced(value[1], ip4, ip6, port))
    if not isinstance(value, dict):
        return value
    out = {name: replaced(v, ip4, ip6, port) for name, v in value.items()}
    for address, number in (("ip", "port"), ("network", "tsapIdentifier")):
        if isinstance(value.get(address), bytes) and isinstance(value.get(number), int):
            out[address] = ip6 if len(value[address]) == 16 else ip4
            out[number] = port
    return out


def erlang(value):
    """The value as an Erlang term."""
    if isinstance(value, Atom):
        return f"'{value}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "<<" + ",".join(map(str, value)) + ">>"
    if isinstance(value, Bits):
        return f"<<16#{value.number:x}:{value.count}>>"
    if isinstance(value, dict):
        return "#{" + ",".join(f"'{n}'=>{erlang(v)}" for n, v in value.items()) + "}"
    left, right = "{}" if isinstance(value, tuple) else "[]"
    return left + ",".join(map(erlang, value)) + right
