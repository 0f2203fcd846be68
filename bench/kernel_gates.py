"""What no change to a kernel may do unnoticed: worse() compares its machine code with the record in bench/kernel_table.json.

A kernel that is not in the record has nothing to be compared with; only generic accesses are then counted from zero, if
it is a product.
"""
from kernel_report import blocks_of, entry_of
from kernel_sass import share

LOWER, HIGHER = "lower", "higher"
MOST_BESIDE = 20  # instructions of a warp beside each product of a warpgroup, which takes 32 clocks or more


def figures_of(kernel, architecture, numbers, costs):
    """What is compared: name -> (value, which change is worse). None: not known."""
    one = numbers[architecture]
    code = one["code"]
    blocks = blocks_of(kernel, numbers, architecture, entry_of(kernel, costs))
    found = {"generic loads and stores": (code["generic"], HIGHER), "blocks on a multiprocessor": (blocks, LOWER)}
    if is_product(code):
        step = code["step"]
        found |= {
            "generic loads in a step of the sum": (step.get("generic loads", 0), HIGHER),
            "share of tensor instructions (FFMA) among those issued": (share(step), LOWER),
            "tiles on their way while one is multiplied": (code["ahead"], LOWER),
        }
    return found


def beside_products(step):
    """Of a step, for each product of a warpgroup; 0 without any."""
    products = sum(n for kind, n in step.items() if kind.startswith("HGMMA"))
    return (step["issued"] - products) / products if products else 0


def is_product(code):
    return "ahead" in code


def worse(old, new, costs):
    """A sentence for each figure that became worse."""
    problems = []
    for kernel, numbers in new.items():
        for architecture in sorted(a for a in numbers if a.isdigit() and "code" in numbers[a]):
            now = figures_of(kernel, architecture, numbers, costs)
            if "code" in old.get(kernel, {}).get(architecture, {}):
                # The costs may have stated the threads that the source states now.
                before = figures_of(kernel, architecture, {"threads": numbers.get("threads"), **old[kernel]}, costs)
            else:
                product = is_product(numbers[architecture]["code"])
                before = {name: (0, change) for name, (_, change) in now.items() if product and name.startswith("generic")}
            for name, (was, change) in before.items():
                value = now.get(name, (None, change))[0]
                known = value is not None and was is not None
                if value != was and (not known or (value > was) == (change == HIGHER)):
                    shown = "unknown" if value is None else value
                    problems.append(f"{kernel} on sm_{architecture}: {name}: {shown}, {was} before")
    return problems


def forbidden(kernels):
    """What no kernel may do, whatever the record says."""
    beside = [f"{kernel} on sm_{architecture}: {count:.1f} instructions beside each product of a warpgroup, more than "
              f"{MOST_BESIDE}" for kernel, by_arch in kernels.items() for architecture, numbers in by_arch.items()
              if architecture.isdigit() and (count := beside_products(numbers.get("code", {}).get("step", {}))) > MOST_BESIDE]
    return beside + [f"{kernel} on sm_{architecture}: it uses local memory, for {numbers['stack']} bytes of stack and "
            f"{numbers.get('code', {}).get('local', 0)} accesses in the code; keep arrays in registers or in shared memory"
            for kernel, by_arch in kernels.items() for architecture, numbers in by_arch.items()
            if architecture.isdigit() and (numbers["stack"] or numbers.get("code", {}).get("local"))]
