//! A reader who is given only the JSON of `get_results`, and what must not be said to him.

use serde_json::{Value, json};

/// Words that claim more than one window of history can show.
const CLAIMS: &[&str] = &[
    "beat",
    "outperform",
    "prove",
    "proof",
    "significant",
    "genuine",
    "edge",
    "talent",
    "confirm",
    "demonstrate",
    "consistent",
    "superior",
    "skilful",
    "skillful",
    "certainly",
    "reliable",
    "robust",
];

/// Words without which a sentence may not speak of skill.
const DENIALS: &[&str] = &["no ", "not ", "cannot", "without"];

/// Everything that is wrong with what a reader is told.
pub(super) fn complaints(detail: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = |name: &str| detail[name].as_str().unwrap_or_default();
    let headline = text("headline");
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let sentences = headline.split(". ").count();
    must((2..=5).contains(&sentences), format!("{sentences} sentences"));
    for name in ["headline", "next_step", "human_summary"] {
        let told = text(name).to_lowercase();
        must(!told.is_empty(), format!("no {name}"));
        for claim in CLAIMS {
            must(!told.contains(claim), format!("{name} says \"{claim}\""));
        }
        for clause in told.split([';', '.', ':']).filter(|it| it.contains("skill")) {
            let denied = DENIALS.iter().any(|it| clause.contains(it));
            must(denied, format!("{name} speaks of skill: {clause}"));
        }
    }
    let first = detail.as_object().unwrap().keys().take(2).collect::<Vec<_>>();
    must(first == ["headline", "next_step"], format!("it begins with {first:?}"));
    beside(detail, headline, &mut must);
    sample(detail, headline, &mut must);
    evidence(detail, headline, &mut must);
    wrong
}

/// The result stands beside the benchmark's over the same window, with what it cost.
fn beside(detail: &Value, headline: &str, must: &mut impl FnMut(bool, String)) {
    let shown = |value: &Value| {
        let percent = value.as_f64().unwrap();
        let rounded = (percent * 100.0).round() / 100.0 + 0.0;
        let text = format!("{rounded:+.2}");
        text.len() > 7 || headline.contains(&format!("{text} %"))
    };
    must(shown(&detail["results"]["return_pct"]), "the return is not said".into());
    must(shown(&detail["benchmark"]["return_pct"]), "the benchmark is not said".into());
    must(headline.contains("over the same window"), "the window is not said".into());
    let costs = headline.contains("Costs took") || headline.contains("nothing was paid");
    must(costs, "the costs are not said".into());
}

/// The sample and the attempts are named, with each interval its own.
fn sample(detail: &Value, headline: &str, must: &mut impl FnMut(bool, String)) {
    let sample = &detail["evidence"]["sample"];
    let returns = sample["session_returns"].as_u64().unwrap();
    let named = headline.contains(&format!("{returns} session return"));
    must(named, format!("{returns} session returns are not said"));
    must(headline.contains("95 % interval"), "no interval is named".into());
    let attempts =
        format!("Attempt {} of {} by", detail["standing"]["attempt"], sample["attempts"]);
    must(headline.contains(&attempts), format!("\"{attempts}\" is not said"));
    for interval in detail["evidence"]["intervals"].as_array().unwrap() {
        let method = interval["method"].as_str().is_some_and(|it| it.contains("error"));
        let known = method && interval["confidence"] == json!(0.95);
        let bounds = ["low", "value", "high"].map(|it| interval[it].as_f64().unwrap());
        must(known && bounds.is_sorted(), format!("no interval: {interval}"));
    }
}

/// What is said of luck is what the intervals say.
fn evidence(detail: &Value, headline: &str, must: &mut impl FnMut(bool, String)) {
    let evidence = &detail["evidence"];
    let verdict = evidence["verdict"].as_str().unwrap();
    let judged = evidence["intervals"].as_array().unwrap().iter();
    let judged = judged.into_iter().find(|it| it["figure"] == evidence["judged_by"]);
    let Some(judged) = judged else {
        must(verdict == "undefined", format!("{verdict} without an interval"));
        must(headline.contains("cannot tell this from luck"), "luck is not named".into());
        return;
    };
    let [low, high] = ["low", "high"].map(|it| judged[it].as_f64().unwrap());
    let by_luck = evidence["probability_by_luck_of_attempts"].as_f64().unwrap();
    match verdict {
        "above_zero_in_this_window" => {
            must(low > 0.0, format!("above zero from {low}"));
            must(by_luck <= 0.025, format!("above zero, by luck in {by_luck}"));
            must(headline.contains("no evidence of skill"), "skill is not denied".into());
        }
        "below_zero_in_this_window" => {
            must(high < 0.0, format!("below zero to {high}"));
        }
        "indistinguishable_given_attempts" => {
            must(low > 0.0 && by_luck > 0.025, format!("{low}, by luck in {by_luck}"));
            must(headline.contains("cannot tell it from the luck of"), "luck is not named".into());
        }
        "indistinguishable_from_luck" => {
            // Half of the last digit that is shown.
            let holds = low < 0.06 && high > -0.06;
            must(holds, format!("no verdict from {low} to {high}"));
            must(headline.contains("cannot tell this from luck"), "luck is not named".into());
        }
        other => must(false, format!("the verdict is {other}")),
    }
}

#[test]
fn planted_claims_are_found() {
    let honest = json!({
        "headline": "+1.00 % in 63 sessions from a to b; holding X made +2.00 % over the same \
            window, a difference of -1.00 points. Alpha +1.0 % (95 % interval -3.0 to +5.0 %): 63 \
            session returns cannot tell this from luck. Costs took 1.00 USD. Attempt 1 of 1 by \
            this account.",
        "next_step": "One window cannot show skill.",
        "human_summary": "Return +1.00%.",
        "results": { "return_pct": 1.0 },
        "benchmark": { "return_pct": 2.0 },
        "standing": { "attempt": 1 },
        "evidence": {
            "verdict": "indistinguishable_from_luck",
            "judged_by": "alpha",
            "sample": { "session_returns": 63, "attempts": 1 },
            "intervals": [{ "figure": "alpha", "low": -0.03, "value": 0.01, "high": 0.05,
                "confidence": 0.95, "method": "an error" }],
            "probability_by_luck_of_attempts": 0.3
        }
    });
    assert_eq!(complaints(&honest), Vec::<String>::new());
    let planted = [
        ("/next_step", json!("The agent shows skill.")),
        ("/next_step", json!("This result is significant.")),
        ("/human_summary", json!("It beats the market.")),
        ("/headline", json!("+1.00 % in 63 sessions. Attempt 1 of 1 by this account.")),
        ("/evidence/verdict", json!("above_zero_in_this_window")),
        ("/evidence/verdict", json!("undefined")),
        ("/evidence/sample/session_returns", json!(20)),
        ("/evidence/sample/attempts", json!(9)),
        ("/evidence/intervals/0/method", json!("")),
        ("/benchmark/return_pct", json!(3.0)),
    ];
    for (place, value) in planted {
        let mut claimed = honest.clone();
        *claimed.pointer_mut(place).unwrap() = value.clone();
        assert!(!complaints(&claimed).is_empty(), "{place} {value}");
    }
}
