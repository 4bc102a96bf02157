//! Changes that suit text: a digit of a number, a word of a language's few, a line.
//!
//! libFuzzer's own mutations know bytes only; of those most break a JSON text before its meaning
//! is ever looked at. A third of the changes stays theirs.

use std::ops::Range;

use libfuzzer_sys::fuzzer_mutate;

/// Words of which one may stand where another does.
const GROUPS: &[&[&str]] = &[
    &["buy", "sell", "short", "cover"],
    &["gtc", "day", "ioc", "fok"],
    &["market", "limit", "stop", "stop_limit"],
    &["CALM", "CRASH"],
    &["EVERY", "LATE", "ODD"],
    &["CHEAP", "DEAR"],
    &["margin", "gaps", "edge"],
    &["turn", "order", "step", "cancel"],
    &["true", "false", "null"],
    &["through", "touch"],
    &["worst", "best", "nearest"],
    &["stock", "etf", "crypto", "forex", "commodity"],
];
/// Numbers at which something may end.
const NUMBERS: &[&str] = &["0", "1", "-1", "0.00000001", "1000000000", "9223372036854775807"];

/// Changes the first `size` bytes of `data`; the new size is at most `max`.
pub fn text(data: &mut [u8], size: usize, max: usize, seed: u32) -> usize {
    let mut draw = Draw(u64::from(seed));
    if draw.below(3) == 0 {
        return fuzzer_mutate(data, size, max);
    }
    let mut bytes = data[..size].to_vec();
    let changed = match draw.below(5) {
        0 | 1 => number(&mut bytes, &mut draw),
        2 | 3 => word(&mut bytes, &mut draw),
        _ => line(&mut bytes, &mut draw),
    };
    if !changed || bytes.len() > max {
        return fuzzer_mutate(data, size, max);
    }
    data[..bytes.len()].copy_from_slice(&bytes);
    bytes.len()
}

/// Changes, adds or drops a digit of some number, or puts another in its place.
fn number(bytes: &mut Vec<u8>, draw: &mut Draw) -> bool {
    let is = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let Some(place) = draw.token(bytes, is) else { return false };
    let at = place.start + draw.below(place.len());
    let digit = b'0' + u8::try_from(draw.below(10)).unwrap_or(0);
    match draw.below(6) {
        0 | 1 => bytes[at] = digit,
        2 => bytes.insert(at + 1, digit),
        3 if bytes[place.clone()].contains(&b'.') => bytes.insert(place.end, digit),
        // A point without a digit after it is no number.
        3 => drop(bytes.splice(place.end..place.end, [b'.', digit])),
        4 => drop(bytes.remove(at)),
        _ => {
            let other = NUMBERS[draw.below(NUMBERS.len())];
            bytes.splice(place, other.bytes());
        }
    }
    true
}

/// Puts another word of its group in some word's place.
fn word(bytes: &mut Vec<u8>, draw: &mut Draw) -> bool {
    let is = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    // Most words are names that have no other.
    for _ in 0..8 {
        let Some(place) = draw.token(bytes, is) else { return false };
        let found = &bytes[place.clone()];
        let group = GROUPS.iter().find(|group| group.iter().any(|it| it.as_bytes() == found));
        if let Some(group) = group {
            bytes.splice(place, group[draw.below(group.len())].bytes());
            return true;
        }
    }
    false
}

/// Repeats, drops or moves a line.
fn line(bytes: &mut Vec<u8>, draw: &mut Draw) -> bool {
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let (one, two) = (draw.below(lines.len()), draw.below(lines.len()));
    match draw.below(3) {
        0 => lines.insert(two, lines[one]),
        1 => drop(lines.remove(one)),
        _ => lines.swap(one, two),
    }
    *bytes = lines.join(&b'\n');
    true
}

/// Random numbers from a seed.
struct Draw(u64);

impl Draw {
    /// A number below `end`; 0 when there is none.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }

    /// One of the longest runs of such bytes.
    fn token(&mut self, bytes: &[u8], is: impl Fn(u8) -> bool) -> Option<Range<usize>> {
        let starts = |&at: &usize| is(bytes[at]) && (at == 0 || !is(bytes[at - 1]));
        let starts: Vec<usize> = (0..bytes.len()).filter(starts).collect();
        let start = *starts.get(self.below(starts.len()))?;
        let length = bytes[start..].iter().take_while(|&&byte| is(byte)).count();
        Some(start..start + length)
    }
}
