"""Plays the common workload in other libraries and prints a table like the engine's."""

import sys
import warnings

import workload as wl

warnings.simplefilter("ignore")

import event_driven  # noqa: E402
import vectorised  # noqa: E402

EQUITY_OFF = 0.001  # in units of currency


def main():
    frames = wl.load()
    bars = len(next(iter(frames.values())))
    print("### Other libraries\n")
    print("| workload | CPU | steps/s | symbol-bars/s | fills | final equity |")
    print("|---|---:|---:|---:|---:|---:|")
    wrong = []
    for workload, (fills, equity) in wl.EXPECTED.items():
        for library in (event_driven, vectorised):
            played = library.play(frames, workload)
            steps = bars / played.cpu
            print(
                f"| {workload}, {library.NAME} | {played.cpu:.3f} s | {steps:,.0f} |"
                f" {steps * len(frames):,.0f} | {played.fills:,} | {played.equity:,.3f} |",
                flush=True,
            )
            same = played.fills == fills and abs(played.equity - equity) < EQUITY_OFF
            own_sizes = library is vectorised and workload == "rebal20"
            if not same and not own_sizes:
                wrong.append(f"{workload}, {library.NAME}: not the expected fills and equity")
    print("\n- Timed is the call that runs the workload, in CPU of the process; loading is not.")
    print("- vectorbt sizes the orders of rebal20 when they fill: other fills, other equity.")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
