"""What nvcc's machine code says: reads nvdisasm's text, finds the loops of each kernel, and counts what a warp issues.

The main loop is the innermost loop with the most tensor instructions; in a kernel without any, with the most FFMA; without
those too, with the most bytes read. A loop that also adds up the rows of a factor, by a product with 8 columns of ones, is
left out: only one column of tiles takes it. Where the main loop has no barrier and a loop around it has one, the step is that outer loop, in
which the main loop repeats as often as the tile's arithmetic takes.

The steady path is the way through a loop's body of a warp that is neither at the start nor at the end of its sum: of all
ways from the loop's head back to it, the one with, in this order, the most tensor instructions (FFMA), the most bytes
read from global memory (the next tile is fetched), the fewest instructions to read them (whole chunks of 16 bytes), the
most instructions (the pixel is inside the picture, so that its address is needed). Loops within are passed once, branches
of diverged warps never taken.
"""
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

LANES = 32
READS = ("LDG", "LDGSTS", "UTMALDG")
ACCESSES = ("LD", "LDG", "LDGSTS", "LDL", "LDS", "LDSM", "ST", "STG", "STL", "STS")
IN_SHARED = ("LD", "ST", "LDS", "LDSM", "STS", "LDGSTS")  # generic ones too: the products' point to shared memory
INTEGER = re.compile(r"U?(IADD|IMAD|IMUL|LEA|SHF|SHL|SHR|LOP|PLOP|ISETP|SEL|IMNMX|VIMNMX|VIADD|IABS|SGXT|PRMT)")


class Unreadable(Exception):
    """The text is not what this file expects."""


@dataclass(frozen=True)
class Instruction:
    operation: str  # with its suffixes
    predicate: str = ""
    operands: str = ""
    target: str = ""  # the label that it may branch to

    @property
    def opcode(self):
        return self.operation.split(".")[0]

    @property
    def width(self):
        """Bytes that a thread moves; 0 for a copy of nothing, which writes zeros."""
        if self.opcode not in ACCESSES or self.fills_zeros:
            return 0
        if self.opcode == "LDSM":
            return 4 * int((re.search(r"\.([124])$", self.operation) or [0, 1])[1])
        found = re.search(r"\.[US]?(128|64|16|8)(?=\.|$)", self.operation)
        return int(found[1]) // 8 if found else 4

    @property
    def fills_zeros(self):
        return self.opcode == "LDGSTS" and bool(re.search(r",\s*!PT$", self.operands))

    @property
    def jumps(self):
        """A call of a label inside the kernel does not return."""
        return bool(self.target) and self.opcode in ("BRA", "CALL") and not re.search(r"\.(DIV|CONV)\b", self.operation)

    @property
    def ends(self):
        return not self.predicate and (self.jumps or self.opcode in ("EXIT", "RET", "BRX", "JMP", "KILL"))

    @property
    def double(self):
        return self.opcode in ("DADD", "DMUL", "DFMA", "DSETP") or ".F64" in self.operation

    @property
    def tensor(self):
        """Shape, such as HMMA.1688.TF32, or None."""
        if not re.fullmatch(r"[A-Z]+MMA", self.opcode):
            return None
        return ".".join(p for p in self.operation.split(".") if p not in ("F32", "SYNC", "ROW", "COL"))

    @property
    def adds_rows(self):
        return self.opcode == "HGMMA" and ".64x8x" in self.operation

    @property
    def products(self):
        """Fused multiply-adds of a warp."""
        if self.opcode in ("FFMA", "FFMA2"):
            return LANES * (2 if self.opcode == "FFMA2" else 1)
        if not self.tensor:
            return 0
        group = re.search(r"\.(\d+)x(\d+)x(\d+)", self.operation)  # HGMMA, by four warps
        if group:
            return int(group[1]) * int(group[2]) * int(group[3]) // 4
        shape = re.search(r"\.(8|16)(8)(\d+)(?=\.|$)", self.operation)
        if not shape:
            raise Unreadable(f"the shape of {self.operation} is unknown; teach it to bench/kernel_sass.py")
        return int(shape[1]) * int(shape[2]) * int(shape[3])


def parse(text):
    """Mangled name -> Code, for each kernel in the text of `nvdisasm -c`."""
    kernels = {}
    for section in re.split(r"^//-+ \.text\.", text, flags=re.MULTILINE)[1:]:
        instructions, labels = [], {}
        for line in section.splitlines():
            if label := re.match(r"(\.L_x_\d+):", line):
                labels[label[1]] = len(instructions)
            elif found := re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@(!?U?P\w+)\s+)?([A-Z][\w.]*)\s*([^;]*);", line):
                target = re.search(r"`\((\.L_x_\d+)\)", found[3])
                never = found[1] == "!PT"  # takes its turn to issue, and does nothing
                instructions.append(Instruction("NOP") if never else Instruction(
                    found[2], found[1] or "", found[3].strip(), target[1] if target else ""))
        if instructions:
            kernels[section.split(None, 1)[0]] = Code(instructions, labels)
    return kernels


# --------------------------------------------------------------------------------------------------- blocks and loops

class Code:
    """A kernel as basic blocks: block b is the instructions [starts[b], starts[b + 1])."""

    def __init__(self, instructions, labels):
        self.instructions = instructions
        starts = {0, *labels.values()} | {i + 1 for i, one in enumerate(instructions) if one.jumps or one.ends}
        self.starts = sorted(s for s in starts if s < len(instructions))
        at = {start: b for b, start in enumerate(self.starts)}
        self.next = []
        for b in range(len(self.starts)):
            last = self.block(b)[-1]
            found = [at[labels[last.target]]] if last.jumps and labels.get(last.target) in at else []
            if not last.ends and b + 1 < len(self.starts):
                found.append(b + 1)
            self.next.append(found)
        self.loops = self._loops()

    def block(self, b):
        return self.instructions[self.starts[b]:self.starts[b + 1] if b + 1 < len(self.starts) else None]

    def of(self, blocks):
        return [i for b in blocks for i in self.block(b)]

    def _loops(self):
        """Head -> blocks of each natural loop: those that reach a jump back to a block through which all ways to it go."""
        reached, stack = {0}, [0]
        while stack:
            for s in self.next[stack.pop()]:
                if s not in reached:
                    reached.add(s)
                    stack.append(s)
        before = {b: [p for p in reached if b in self.next[p]] for b in reached}
        dominators = {b: reached if b else {0} for b in reached}
        changed = True
        while changed:
            changed = False
            for b in sorted(reached - {0}):
                new = set.intersection(*(set(dominators[p]) for p in before[b])) | {b}
                changed |= new != dominators[b]
                dominators[b] = new
        loops = {}
        for b in reached:
            for head in set(self.next[b]) & dominators[b]:
                body, stack = loops.setdefault(head, {head}), [b]
                while stack:
                    one = stack.pop()
                    if one not in body:
                        body.add(one)
                        stack += before[one]
        return loops

    @cached_property
    def adding_rows(self):
        """Heads of the innermost loops that also add up rows."""
        having = {h for h in self.loops if any(i.adds_rows for i in self.of(self.loops[h]))}
        return {h for h in having if not having & set(self.within(h))}

    def within(self, head):
        """Heads of the loops inside a loop."""
        return [h for h in self.loops if h != head and self.loops[h] < self.loops[head]]

    def around(self, head):
        """Heads of the loops that contain a loop, the smallest first."""
        return sorted((h for h in self.loops if self.loops[head] < self.loops[h]), key=lambda h: len(self.loops[h]))

    def _way(self, head):
        """For a loop, or for None the kernel from its entry to its exits: its first block; its blocks, each after all that
        follow it; what follows a block, without the way back to the head of this loop or of one within; whether a block is
        the last of a way."""
        first = 0 if head is None else head
        body = range(len(self.next)) if head is None else self.loops[head]

        def after(b):
            return [s for s in self.next[b] if s in body and s != head and not (s in self.loops and b in self.loops[s])]

        order, seen, stack = [], set(), [(first, False)]
        while stack:
            b, done = stack.pop()
            if done:
                order.append(b)
            elif b not in seen:
                seen.add(b)
                stack += [(b, True), *((s, False) for s in after(b))]
        return first, order, after, (lambda b: not self.next[b] if head is None else head in self.next[b])

    def best_path(self, head, rank):
        """Blocks of the way whose ranks, tuples of numbers for each block, have the largest sum."""
        first, order, after, last = self._way(head)
        best = {}  # block -> rank of the best way from it on, and the next block of that way
        for b in order:
            ways = [(best[s][0], s) for s in after(b) if s in best] + ([(None, None)] if last(b) else [])
            if ways:
                total, following = max(ways, key=lambda way: way[0] or (0,) * len(rank(b)))
                best[b] = tuple(map(sum, zip(total, rank(b)))) if total else rank(b), following
        path, at = [], first if first in best else None
        while at is not None:
            path.append(at)
            at = best[at][1]
        return path

    def steady_path(self, head, main):
        def rank(b):
            read = [i.width for i in self.block(b) if i.opcode in READS and i.width]
            return sum(map(main, self.block(b))), sum(read), -len(read), len(self.block(b))
        return self.best_path(head, rank)

    def shortest(self, head, through):
        """Instructions of the shortest way through one of the blocks `through`."""
        first, order, after, last = self._way(head)
        length, endless = {b: len(self.block(b)) for b in order}, float("inf")
        to = dict.fromkeys(order, endless) | {first: length[first]}
        for b in reversed(order):
            for s in after(b):
                to[s] = min(to[s], to[b] + length[s])
        left = {}
        for b in order:
            left[b] = min([left[s] + length[s] for s in after(b)] + ([0] if last(b) else []), default=endless)
        return min((to[b] + left[b] for b in through if b in to), default=0)


# ------------------------------------------------------------------------------------------------------------ figures

def figures(instructions):
    """What a warp issues, by kind; `shared clocks` of 128 bytes each if no two lanes read the same bytes."""
    found = Counter(issued=len(instructions))
    for i in instructions:
        kind = {"FFMA": "ffma", "FFMA2": "ffma", "LD": "generic loads", "ST": "generic stores", "LDS": "shared reads",
                "LDSM": "shared reads", "STS": "shared writes", "STG": "global writes", "BAR": "barriers",
                "SYNCS": "mbarriers"}.get(i.opcode)
        if i.tensor:
            kind = i.tensor
        elif i.opcode in READS and not i.fills_zeros:
            kind = "global reads"
        elif INTEGER.match(i.operation) and ".MOV" not in i.operation:
            kind = "integer"
        if kind:
            found[kind] += 1
        found["products"] += i.products
        if i.opcode in IN_SHARED and not i.fills_zeros:
            found["shared clocks"] += max(1, i.width * LANES // 128)
        if i.opcode in READS:
            found["bytes read"] += i.width
        if i.opcode == "STG":
            found["bytes written"] += i.width
    return found


def share(found):
    """Of tensor instructions (FFMA) among those issued."""
    tensor = sum(count for kind, count in found.items() if "MMA." in kind)
    return round((tensor or found.get("ffma", 0)) / found["issued"], 4) if found.get("issued") else 0.0


def tiles_ahead(instructions):
    """How many tiles are on their way while one is multiplied: None where the code does not say."""
    opcodes = Counter(i.opcode for i in instructions)
    if opcodes["UTMALDG"] or opcodes["SYNCS"]:
        return None
    if not opcodes["LDGSTS"]:
        return int(opcodes["LDG"] > 0 and opcodes["BAR"] > 0)
    left = [int(found[1], 0) for i in instructions if i.opcode == "DEPBAR"
            if (found := re.search(r"SB\d+, (0x[0-9a-f]+|\d+)", i.operands))]
    return min(left, default=0) // max(1, opcodes["LDGDEPBAR"]) + 1


def bytes_in_flight(instructions):
    """The most bytes that a thread has asked global memory for before it needs one of them."""
    most, pending = 0, {}
    for i in instructions:
        used = {int(r) for r in re.findall(r"\bR(\d+)\b", i.operands)}
        if i.opcode == "DEPBAR" or used & set(pending):
            pending = {}
        if i.opcode == "LDG" and (to := re.match(r"(?:P\w+, )?R(\d+)", i.operands)):
            pending |= {int(to[1]) + k: min(4, i.width) for k in range(max(1, i.width // 4))}
        elif i.opcode == "LDGSTS":
            pending[-1 - len(pending)] = i.width
        most = max(most, sum(pending.values()))
    return most


def analyse(code, tile=None):
    """Everything that is recorded of a kernel. `tile`: rows, columns, depth, threads of a product, whose arithmetic the
    steady path must do completely."""
    tensor = any(i.tensor for i in code.instructions)
    main = (lambda i: i.tensor is not None) if tensor else (lambda i: i.opcode in ("FFMA", "FFMA2"))
    paths = {head: code.steady_path(head, main) for head in code.loops}
    count = {head: figures(code.of(path)) for head, path in paths.items()}
    mains = {head: sum(map(main, code.of(path))) for head, path in paths.items()}
    kinds = Counter(i.opcode for i in code.instructions)
    result = {"instructions": len(code.instructions), "generic": kinds["LD"] + kinds["ST"], "local": kinds["LDL"] + kinds["STL"]}
    whole = code.of(code.steady_path(None, main))
    innermost = [h for h in code.loops if not any(mains[i] for i in code.within(h)) and h not in code.adding_rows]
    steps = {h: h if count[h]["mbarriers"] else next((s for s in [h, *code.around(h)] if count[s]["barriers"]), h)
             for h in innermost}
    # Of several main loops, such as one for whole chunks and one for others, that which fetches the most.
    loop = max(innermost, key=lambda h: (mains[h], count[h]["bytes read"], count[steps[h]]["bytes read"]), default=None)
    if tile is None:
        best = code.of(paths[loop]) if loop is not None and (mains[loop] or count[loop]["bytes read"]) else whole
        flight = max(map(bytes_in_flight, [whole, *(code.of(p) for p in paths.values())]))
        return result | {"step": dict(+figures(best)), "bytes in flight": flight}
    if loop is None or not mains[loop]:
        raise Unreadable("it has no loop with tensor instructions or FFMA")
    step = steps[loop]
    rows, columns, depth, threads = tile
    wanted, each = rows * columns * depth * LANES // threads, count[loop]["products"]
    repeats, left = divmod(wanted - (count[step]["products"] - each if step != loop else 0), each)
    if left or repeats < 1 or (step == loop and repeats != 1):
        raise Unreadable(f"a step does {count[step]['products']} products a warp, in a loop of {each}; the tile has {wanted}")
    total = count[step] + Counter({kind: n * (repeats - 1) for kind, n in count[loop].items()})
    return result | {"tile": [rows, columns, depth], "step": dict(+total), "repeats": repeats,
                     "ahead": tiles_ahead(code.of(paths[step])),
                     **behind(code, step, rows * columns // threads)}


def visit(code, step):
    """Of the loops behind the sum, for one result of the tile, at the most: instructions, those for each target of a rule,
    operations in double precision; and at the least, where a result is only stored, for a second pass. Of loops that store
    several results together and others that store one, the first count. None without such loops."""
    outer = [h for h in code.loops if code.starts[h] > code.starts[step] and h not in code.loops[step]
             and all(step in code.loops[a] for a in code.around(h))]
    widest = {h: max((i.width for i in code.of(code.loops[h]) if i.opcode == "STG"), default=0) for h in outer}
    most = {"per result": 0, "per target": 0, "doubles": 0, "per partial": 0}
    for head in outer:
        if widest[head] < max(widest.values()):
            continue
        nested = set().union(*(code.loops[h] for h in code.within(head)))
        stores = {b: sum(i.width // 4 for i in code.block(b) if i.opcode == "STG") for b in code.loops[head]}
        # The remainder of an unrolled loop over targets stores too: it is left out, as the loop counts all targets.
        per_loop = any(stores[b] for b in nested)
        path = code.best_path(head, lambda b: (stores[b] if b in nested or not per_loop else -stores[b], len(code.block(b))))
        inner = [figures(code.of(code.best_path(h, lambda b: (stores[b], len(code.block(b)))))) for h in code.within(head)]
        targets = [4 * f["issued"] / f["bytes written"] for f in inner if f["bytes written"]]
        alone = sum(len(code.block(b)) for b in path if b not in nested)
        together = widest[head] // 4
        # A loop over targets for each of several groups of results that are read together.
        groups = max(1, len(targets))
        count = together * groups if per_loop else sum(stores[b] for b in path)
        if count:
            found = {"per result": round(alone / count, 1), "per target": round(min(targets, default=0), 1),
                     "doubles": round(sum(i.double for i in code.of(path)) / count, 1),
                     "per partial": math.ceil(code.shortest(head, [b for b in stores if stores[b] and b not in nested]) / together)}
            most = max(most, found, key=lambda f: sum(f.values()))
    return most if any(most.values()) else None


def writers(code, step):
    """Where warps of their own write the results, the same of their loops, and of the loop for partial sums `per partial`.
    None where those that multiply write. A loop over tiles waits for its barrier; within it, results are written without."""
    waits = {h for h in code.loops if any(i.opcode == "SYNCS" for i in code.of(code.loops[h]))}
    stores = {h: sum(i.width // 4 for i in code.of(code.loops[h]) if i.opcode == "STG") for h in code.loops}
    found = []
    for head in code.loops:
        around = code.around(head)
        if head in waits or not stores[head] or not around or around[0] not in waits or step in code.loops[around[0]]:
            continue
        inner = code.within(head)
        nested = set().union(*(code.loops[h] for h in inner))
        path = code.of(code.best_path(head, lambda b: (sum(i.opcode == "STG" for i in code.block(b)), len(code.block(b)))))
        count = sum(i.width // 4 for b in code.loops[head] if b not in nested for i in code.block(b) if i.opcode == "STG")
        in_targets = [figures(code.of(code.best_path(h, lambda b: (len(code.block(b)),)))) for h in inner]
        targets = [4 * f["issued"] / f["bytes written"] for f in in_targets if f["bytes written"]]
        count = count or sum(f["bytes written"] // 4 for f in in_targets)
        alone = len(path) - sum(f["issued"] for f in in_targets if f["bytes written"])
        found.append({"per result": round(alone / count, 1), "per target": round(min(targets, default=0), 1),
                      "doubles": round(sum(i.double for i in path) / count, 1)})
    if not found:
        return None
    most, least = (pick(found, key=lambda f: sum(f.values())) for pick in (max, min))
    return most | {"per partial": math.ceil(sum(least.values()))}


def behind(code, step, results):
    """visit(), and where a loop over tiles contains the sum also the code without loops for a thread's `results`."""
    if of_writers := writers(code, step):
        return {**of_writers, "writers": True}
    around, visited = code.around(step), visit(code, step)
    if not around:
        return visited or {"per result": 0, "per target": 0, "doubles": 0, "per partial": 0}
    stores = {b: sum(i.opcode == "STG" and i.width == 16 for i in code.block(b)) for b in code.loops[around[0]]}

    def path(longest):
        way = code.best_path(around[0], lambda b: (stores[b], longest * len(code.block(b))))
        return code.of(b for b in way if not any(b in code.loops[h] for h in (step, *code.adding_rows)))

    most, per_partial = path(1), math.ceil(len(path(-1)) / results)
    return {**visited, "per partial": per_partial} if visited else {
            "per result": round(len(most) / results, 1), "per target": 0,
            "doubles": round(sum(i.double for i in most) / results, 1), "per partial": per_partial}
