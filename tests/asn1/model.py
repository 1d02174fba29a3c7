"""Our ASN.1 modules as trees: read them, make an older or newer standard of them, make random values.

Reads what asn1/*.asn use of ASN.1 and nothing more. A value is what Erlang's asn1 takes with `+maps`:
dict = SEQUENCE, list = SEQUENCE OF or characters (above 255 a tuple), tuple (Atom, value) = CHOICE, tuple of
int = OBJECT IDENTIFIER, Atom, bool, int, bytes, and Bits.
"""
import dataclasses
import re

TOKEN = re.compile(r"""\s+ | --[^\n]* | (::=|\.\.\.|\.\.|"[^"]*"|-?\d+|[A-Za-z][\w-]*|[{}()^,;])""", re.X)
CHARACTERS = {"IA5String": range(0, 128), "GeneralString": range(0, 256), "BMPString": range(0, 65536),
              "NumericString": b" 0123456789", "PrintableString": b" '()+,-./0123456789:=?ABCXYZabcxyz"}


class Atom(str):
    """A name of Erlang's."""


@dataclasses.dataclass
class Bits:
    """A BIT STRING: so many bits, as a number."""
    count: int
    number: int


@dataclasses.dataclass
class Type:
    """kind: a builtin type, SEQUENCE, CHOICE, ENUMERATED, LIST (SEQUENCE OF), or REF (a name)."""
    kind: str
    name: str = ""                                  # of a REF
    root: list = dataclasses.field(default_factory=list)       # Component, or (item, number)
    additions: list = dataclasses.field(default_factory=list)  # the same, behind the extension marker
    extensible: bool = False
    element: "Type" = None                          # of a LIST
    limits: tuple = None                            # INTEGER: (lowest, highest or None, extensible)
    size: tuple = None                              # (least, most)
    alphabet: str = ""
    bits: list = dataclasses.field(default_factory=list)       # names of a BIT STRING's bits
    constraint: str = ""                            # as it was written


@dataclasses.dataclass
class Component:
    name: str
    type: Type
    optional: bool = False


class Module:
    """One module: its name, what it imports (type -> module) and its types in order."""

    def __init__(self, text):
        self.tokens = [m.group(1) for m in TOKEN.finditer(text) if m.group(1)]
        self.at = 0
        self.name = self.take()
        self.imports, self.types = {}, {}
        self.expect("DEFINITIONS", "AUTOMATIC", "TAGS", "::=", "BEGIN")
        if self.peek() == "IMPORTS":
            self.read_imports()
        while self.peek() != "END":
            name = self.take()
            self.expect("::=")
            self.types[name] = self.read_type()

    def peek(self):
        return self.tokens[self.at]

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def have(self, token):
        if self.peek() != token:
            return False
        self.at += 1
        return True

    def expect(self, *tokens):
        for token in tokens:
            if not self.have(token):
                raise ValueError(f"{self.name}: {token} wanted before {self.tokens[self.at:self.at + 8]}")

    def read_imports(self):
        self.take()
        names = []
        while not self.have(";"):
            word = self.take()
            if word == "FROM":
                module = self.take()
                self.imports.update({name: module for name in names})
                names = []
            elif word != ",":
                names.append(word)

    def read_type(self):
        word = self.take()
        if word in ("OCTET", "BIT", "OBJECT"):
            word += " " + self.take()
        if word == "SEQUENCE" and self.peek() != "{":
            size = self.read_constraint(Type("LIST")) if self.peek() == "(" else Type("LIST")
            self.expect("OF")
            size.element = self.read_type()
            return size
        builtin = word in CHARACTERS or word in (
            "SEQUENCE", "CHOICE", "ENUMERATED", "INTEGER", "BOOLEAN", "NULL", "OCTET STRING", "BIT STRING",
            "OBJECT IDENTIFIER")
        made = Type(word) if builtin else Type("REF", name=word)
        if self.peek() == "{":
            self.read_body(made)
        while self.peek() == "(":
            self.read_constraint(made)
        return made

    def read_body(self, made):
        self.expect("{")
        part = made.root
        while not self.have("}"):
            if self.have("..."):
                made.extensible, part = True, made.additions
            elif made.kind in ("ENUMERATED", "BIT STRING"):
                item = self.take()
                self.expect("(")
                (made.bits if made.kind == "BIT STRING" else part).append((item, int(self.take())))
                self.expect(")")
            else:
                part.append(Component(self.take(), self.read_type(), self.have("OPTIONAL")))
            self.have(",")

    def read_constraint(self, made):
        first = self.at
        depth = 0
        while True:
            word = self.take()
            depth += (word == "(") - (word == ")")
            if not depth:
                break
        words = self.tokens[first:self.at]
        made.constraint += " " + " ".join(words)
        if "FROM" in words:
            made.alphabet = words[words.index("FROM") + 2].strip('"')
        if "SIZE" in words:
            inner = words[words.index("SIZE") + 2:]
            made.size = (int(inner[0]), int(inner[2]) if inner[1] == ".." else int(inner[0]))
        elif "FROM" not in words:
            highest = None if words[3] == "MAX" else int(words[3])
            made.limits = (int(words[1]), highest, "..." in words)
        return made

    def text(self):
        """The module for a compiler."""
        out = [f"{self.name} DEFINITIONS AUTOMATIC TAGS ::= BEGIN"]
        if self.imports:
            out.append("IMPORTS")
            for module in sorted(set(self.imports.values())):
                out.append(", ".join(n for n, m in self.imports.items() if m == module) + " FROM " + module)
            out[-1] += ";"
        out += [f"{name} ::= {write(made)}" for name, made in self.types.items()]
        return "\n".join(out + ["END"]) + "\n"


def write(made):
    if made.kind == "REF":
        return made.name + made.constraint
    if made.kind == "LIST":
        return f"SEQUENCE{made.constraint} OF {write(made.element)}"
    if made.bits:
        return made.kind + " { " + ", ".join(f"{n}({v})" for n, v in made.bits) + " }" + made.constraint
    if made.kind not in ("SEQUENCE", "CHOICE", "ENUMERATED"):
        return made.kind + made.constraint
    parts = [write_part(p) for p in made.root]
    if made.extensible:
        parts += ["..."] + [write_part(p) for p in made.additions]
    return made.kind + " { " + ", ".join(parts) + " }"


def write_part(part):
    if isinstance(part, tuple):
        return f"{part[0]}({part[1]})"
    return f"{part.name} {write(part.type)}{' OPTIONAL' if part.optional else ''}"


def each_type(made):
    """The type and all that are written inside of it."""
    yield made
    if made.kind == "LIST":
        yield from each_type(made.element)
    if made.kind in ("SEQUENCE", "CHOICE"):
        for part in made.root + made.additions:
            yield from each_type(part.type)


def make_older(made, random):
    """Only the beginning of what was added is known yet."""
    del made.additions[random.randint(0, len(made.additions)):]


def make_newer(made, random):
    """Something was added."""
    kinds = [Type("INTEGER", limits=(0, 255, False), constraint=" (0..255)"), Type("OCTET STRING"),
             Type("LIST", element=Type("IA5String")), Type("BOOLEAN")]
    for i in range(random.randint(1, 3) if made.extensible else 0):
        if made.kind == "ENUMERATED":
            made.additions.append((f"later{i}", 1000 + i))
        else:
            optional = made.kind == "SEQUENCE" and random.random() < 0.8
            made.additions.append(Component(f"later{i}", random.choice(kinds), optional))


def change_edition(modules, random, changes):
    """Other editions of the same standard: each type undergoes one of the changes."""
    for module in modules:
        for name in module.types:
            for made in each_type(module.types[name]):
                random.choice(changes)(made, random)
