"""A scenario as it is put together: lines, and messages as bodies in hexadecimal."""
import os

WIDTH = 48  # octets in a line


class Script:
    def __init__(self, about, include="common/calls.inc"):
        self.lines = ["# " + line for line in about.splitlines()] + ["include " + include]

    def do(self, *lines):
        self.lines += lines
        return self

    def message(self, sign, host, octets, note, where=""):
        self.lines.append("# " + note)
        self.lines.append(f"{sign} {host}{where} hex")
        text = octets.hex()
        self.lines += [text[i:i + 2 * WIDTH] for i in range(0, len(text), 2 * WIDTH)] + ["."]
        return self

    def sends(self, host, octets, note):
        return self.message(">", host, octets, f"{host}: {note}")

    def gets(self, host, octets, note):
        return self.message("<", host, octets, f"to {host}: {note}")

    def write(self, folder, name):
        with open(os.path.join(folder, name + ".scn"), "w", encoding="ascii") as file:
            file.write("\n".join(self.lines) + "\n")
