//! The badge of a published run, for a README: what it returned, in 210 by 20 pixels.

use super::super::show::tone;

/// Pixels of the left part, which says where.
const LEFT: u32 = 118;
const WIDTH: u32 = 210;

/// The badge of a return in percent; its colour goes by the number as it is shown.
pub(super) fn badge(return_pct: f64) -> String {
    let shown = format!("{return_pct:+.2}");
    let rounded: f64 = shown.parse().unwrap_or(0.0);
    // Nothing lost reads as nothing, never as minus nothing.
    let right = format!("{:+.2}% return", rounded + 0.0);
    let colour = match tone(rounded) {
        "pos" => "#2e7d32",
        "neg" => "#b3261e",
        _ => "#64748b",
    };
    let (rest, middle) = (WIDTH - LEFT, LEFT / 2);
    let right_middle = LEFT + rest / 2;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"20\" role=\"img\" \
         aria-label=\"tested on BotTrade: {right}\"><title>tested on BotTrade: {right}</title>\
         <rect width=\"{LEFT}\" height=\"20\" fill=\"#334155\"/>\
         <rect x=\"{LEFT}\" width=\"{rest}\" height=\"20\" fill=\"{colour}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" \
         font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"{middle}\" y=\"14\" textLength=\"{}\">tested on BotTrade</text>\
         <text x=\"{right_middle}\" y=\"14\">{right}</text></g></svg>\n",
        LEFT - 12
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_colour_go_by_the_number_that_is_shown() {
        let cases = [
            (3.358_81, "+3.36% return", "#2e7d32"),
            (-41.083, "-41.08% return", "#b3261e"),
            (0.0, "+0.00% return", "#64748b"),
            (-0.001, "+0.00% return", "#64748b"),
            (12_345.678, "+12345.68% return", "#2e7d32"),
        ];
        for (value, text, colour) in cases {
            let badge = badge(value);
            assert!(badge.contains(&format!(">{text}</text>")), "{badge}");
            assert!(badge.contains(colour) && badge.matches("fill=\"#").count() == 3);
        }
        assert_eq!(badge(1.0), badge(1.0));
    }
}
