//! What the engine's names and figures mean, in words.

/// A figure of a score.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) formula: &'static str,
    pub(super) clock: &'static str,
    /// What a reader must know, and whose definition it is.
    pub(super) about: &'static str,
}

/// Of the session clock.
const SESSIONS: &str = "sessions";
/// Of the bar clock.
const BARS: &str = "bars";
/// Of fills.
const FILLS: &str = "fills";

pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "return_pct",
        formula: "(final − starting) ÷ starting × 100",
        clock: "ledger",
        about: "Positions left at the end count at the last close. Never annualised.",
    },
    Figure {
        name: "sharpe",
        formula: "mean(r) ÷ sd(r) × √q, sd with n − 1",
        clock: SESSIONS,
        about: "Sharpe (1994), risk-free rate 0. q is the scenario’s sessions per year.",
    },
    Figure {
        name: "sharpe_se",
        formula: "√((1 − γ₃·SR + (γ₄ − 1) ÷ 4 · SR²) ÷ (n − 1)) × √q",
        clock: SESSIONS,
        about: "Mertens (2002), with population skew γ₃ and kurtosis γ₄; SR is per session.",
    },
    Figure {
        name: "sortino",
        formula: "mean(r) ÷ √(Σ min(r, 0)² ÷ n) × √q",
        clock: SESSIONS,
        about: "Sortino and Price (1994), target 0; all n returns are in the denominator.",
    },
    Figure {
        name: "volatility",
        formula: "sd(r) × √q",
        clock: SESSIONS,
        about: "A fraction a year.",
    },
    Figure {
        name: "max_drawdown",
        formula: "max over t of 1 − Eₜ ÷ max(Eₛ, s ≤ t)",
        clock: BARS,
        about: "A positive fraction; the starting cash counts as a peak.",
    },
    Figure {
        name: "cagr",
        formula: "(Eₙ ÷ E₀)^(q ÷ n) − 1",
        clock: SESSIONS,
        about: "Years are counted in sessions; −1 after a total loss.",
    },
    Figure {
        name: "calmar",
        formula: "cagr ÷ max_drawdown",
        clock: "both",
        about: "Young (1991).",
    },
    Figure {
        name: "beta",
        formula: "cov(r, b) ÷ var(b)",
        clock: SESSIONS,
        about: "b are the returns of the benchmark.",
    },
    Figure {
        name: "alpha",
        formula: "(mean(r) − beta · mean(b)) × q",
        clock: SESSIONS,
        about: "Jensen (1968): what the benchmark does not explain, a fraction a year. Its error \
            is Newey and West’s (1987) with lag ⌊4·(n ÷ 100)^(2/9)⌋.",
    },
    Figure {
        name: "exposure",
        formula: "bars with a position ÷ all bars",
        clock: BARS,
        about: "mean_leverage is the mean of gross exposure ÷ equity, idle bars included.",
    },
    Figure {
        name: "turnover",
        formula: "Σ |traded| ÷ (2 · mean equity) ÷ years",
        clock: FILLS,
        about: "One way, per year.",
    },
    Figure {
        name: "win_rate",
        formula: "closed trades that won ÷ closed trades",
        clock: FILLS,
        about: "A closed trade is a fill that reduces a position; its result is net of the \
            commissions of both ends.",
    },
    Figure {
        name: "profit_factor",
        formula: "Σ profits ÷ |Σ losses|",
        clock: FILLS,
        about: "Of closed trades.",
    },
    Figure {
        name: "expectancy",
        formula: "mean result of a closed trade",
        clock: FILLS,
        about: "In the scenario’s currency.",
    },
    Figure {
        name: "probability_by_luck",
        formula: "1 − Φ(figure ÷ error)",
        clock: SESSIONS,
        about: "How probable such a figure, or a higher one, is when the true one is 0; for N \
            attempts 1 − (1 − p)ᴺ (Šidák 1967).",
    },
    Figure {
        name: "best_sharpe_by_luck",
        formula: "((1 − γ)·Φ⁻¹(1 − 1 ÷ N) + γ·Φ⁻¹(1 − 1 ÷ (N·e))) × √(q ÷ (n − 1))",
        clock: SESSIONS,
        about: "What the best of N attempts shows without skill and drift; γ = 0.5772… Bailey \
            and López de Prado (2014).",
    },
    Figure {
        name: "sessions_needed",
        formula: "1 + (1 − γ₃·SR + (γ₄ − 1) ÷ 4 · SR²) · (z ÷ SR)²",
        clock: SESSIONS,
        about: "After so many sessions of this kind the interval would leave 0. Bailey and López \
            de Prado (2012).",
    },
];

/// What could make a result mean less than it seems, and what is done about it.
pub(super) struct Threat {
    pub(super) what: &'static str,
    pub(super) control: &'static str,
    pub(super) rest: &'static str,
}

pub(super) const THREATS: &[Threat] = &[
    Threat {
        what: "The model remembers the period",
        control: "Every scenario names this among its biases; some are newer than most models.",
        rest: "A named market before the training cut-off measures memory too. Nothing here \
            removes that.",
    },
    Threat {
        what: "The agent looks the prices up",
        control: "None: an agent runs where its owner runs it.",
        rest: "Three daily returns identify a window. Trust a result as far as you trust whoever \
            published it.",
    },
    Threat {
        what: "The best of many runs is shown",
        control: "Every start is numbered by the server; the number stands beside the result and \
            goes into the verdict.",
        rest: "Attempts are counted per account.",
    },
    Threat {
        what: "Many accounts",
        control: "Accounts come with a sign-in.",
        rest: "Whoever has many of those has many counts.",
    },
    Threat {
        what: "The simulator is gamed",
        control: "Integers for money, orders judged against the whole queue, the same bar never \
            filled at, property tests that change the future.",
        rest: "Market impact and liquidity are not modelled but for a cap on participation.",
    },
    Threat {
        what: "The figure is gamed",
        control: "Fixed clocks, the whole window whenever the run ended, no figure of too short a \
            sample, no rank without a trade.",
        rest: "One path rewards whoever leaned the right way.",
    },
    Threat {
        what: "The operator edits a run",
        control: "Commands are chained by SHA-256, and everybody can recompute a published run.",
        rest: "Whole runs could be left out: what is not published is not shown.",
    },
    Threat {
        what: "The agent is not what it says",
        control: "Name, model and version are shown as declared.",
        rest: "Nobody has checked them.",
    },
];

pub(super) fn limit_fill(name: &str) -> &'static str {
    match name {
        "through" => "the bar trades past the limit: the order is last in its queue",
        "touch" => "the bar trades at the limit",
        _ => "",
    }
}

pub(super) fn path_policy(name: &str) -> &'static str {
    match name {
        "worst" => "stops are hit, limits are missed",
        "best" => "limits fill, stops are missed",
        "high-first" => "open, high, low, close",
        "low-first" => "open, low, high, close",
        "nearest" => "the extreme nearer to the open comes first",
        _ => "",
    }
}

pub(super) fn bot(name: &str) -> &'static str {
    match name {
        "buy_hold" => {
            "puts 99 % of equity into the benchmark, or into equal parts of the universe, and holds"
        }
        "equal_weight" => "moves everything to equal parts of 99 % of equity every 20 bars",
        "momentum" => {
            "every 5 bars holds the third of the universe that rose most over the last 60 bars"
        }
        "random" => "trades by dice, with a fixed seed: what luck alone is worth, once",
        _ => "",
    }
}
