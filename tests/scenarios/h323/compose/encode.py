"""H.323 messages in octets, by Erlang's asn1 and our ASN.1 modules: another codec than the one under test."""
import atexit
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "..", "..", "..", "..", "asn1")
NAMES = {"h235": "H235-SECURITY-MESSAGES", "h245": "MULTIMEDIA-SYSTEM-CONTROL", "h225": "H323-MESSAGES"}
SERVER = """
main([Beams]) -> code:add_patha(Beams), io:setopts([{encoding, latin1}]), serve().
serve() ->
    case io:read('') of
        {ok, {Module, Type, Value}} ->
            case Module:encode(Type, Value) of
                {ok, Bytes} -> io:format("~s~n", [binary:encode_hex(Bytes)]);
                {error, Why} -> io:format("error ~0P~n", [Why, 60])
            end,
            serve();
        _ -> ok
    end.
"""


class Oid(tuple):
    """An object identifier; other tuples are alternatives of a CHOICE: (name, value)."""


def erlang(value):
    if value is None:
        return "'NULL'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "<<" + ",".join(map(str, value)) + ">>"
    if isinstance(value, str):
        return "[" + ",".join(str(ord(c)) for c in value) + "]"
    if isinstance(value, Oid):
        return "{" + ",".join(map(str, value)) + "}"
    if isinstance(value, tuple):
        return "{'" + value[0] + "'," + erlang(value[1]) + "}"
    if isinstance(value, dict):
        return "#{" + ",".join(f"'{k}'=>{erlang(v)}" for k, v in value.items() if v is not ...) + "}"
    return "[" + ",".join(map(erlang, value)) + "]"


class Encoder:
    """beams: a folder where the compiled modules are kept from one run to the next."""

    def __init__(self, beams):
        os.makedirs(beams, exist_ok=True)
        for short, name in NAMES.items():
            with open(os.path.join(MODULES, short + ".asn"), encoding="ascii") as file:
                text = file.read()
            with open(os.path.join(beams, name + ".asn"), "w", encoding="ascii") as file:
                file.write(text)
        for name in NAMES.values():
            if not os.path.exists(os.path.join(beams, name + ".beam")):
                subprocess.run(["erlc", "-bper", "+maps", "+no_copt", "+no_ssa_opt", name + ".asn"], cwd=beams, check=True)
        script = tempfile.NamedTemporaryFile("w", suffix=".escript", delete=False)
        script.write("#!/usr/bin/env escript\n" + SERVER)
        script.close()
        atexit.register(os.unlink, script.name)
        self.server = subprocess.Popen(["escript", script.name, beams], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)

    def __call__(self, module, kind, value):
        self.server.stdin.write("{'%s','%s',%s}.\n" % (NAMES[module], kind, erlang(value)))
        self.server.stdin.flush()
        line = self.server.stdout.readline().strip()
        if not line or line.startswith("error"):
            raise ValueError(f"{kind}: {line}")
        return bytes.fromhex(line)
