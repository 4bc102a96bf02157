//! Rows of OHLCV as other programs write them: CSV text or an Arrow (Feather) file.

use std::path::Path;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{
        DataType, Date32Type, Date64Type, Float32Type, Float64Type, Int32Type, Int64Type,
        UInt32Type, UInt64Type,
    },
};
use csv::ByteRecord;
use jiff::{civil, tz::TimeZone};

use super::moment::{self, Moment};
use crate::scenarios::{arrow_file, bars, problems::Problem, problems::Problems};

/// The first bytes of an Arrow IPC file.
const ARROW_MAGIC: &[u8] = b"ARROW1";
/// What a column may be called, in the order of `Place`.
const HEADERS: [&[&str]; 7] = [
    &["symbol"],
    &["ts", "date", "timestamp", "datetime", "time"],
    &["open"],
    &["high"],
    &["low"],
    &["close"],
    &["volume"],
];

/// One row as it stands in a file.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Index into the list of files.
    pub file: usize,
    /// The line of a text, the row of an Arrow file; from 1.
    pub row: u64,
    /// The symbol as written.
    pub symbol: String,
    /// Its time.
    pub moment: Moment,
    /// Open, high, low and close.
    pub prices: [f64; 4],
    /// NaN where there is none.
    pub volume: f64,
}

/// A file that is being read.
struct Source<'a> {
    name: &'a str,
    file: usize,
    stem: String,
    zone: &'a TimeZone,
    places: [Option<usize>; 7],
}

/// Reads one file. Rows that are wrong are reported and left out.
pub fn read(
    file: usize,
    path: &Path,
    zone: &TimeZone,
    rows: &mut Vec<SourceRow>,
    problems: &mut Problems,
) {
    let name = path.display().to_string();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return problems.push(Problem::new(name, error)),
    };
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let source =
        Source { name: &name, file, stem: stem.unwrap_or_default(), zone, places: [None; 7] };
    let done = if bytes.starts_with(ARROW_MAGIC) {
        source.read_arrow(&bytes, rows, problems)
    } else {
        source.read_csv(&bytes, rows, problems)
    };
    if let Err(problem) = done {
        problems.push(problem);
    }
}

impl Source<'_> {
    fn problem(&self, text: impl std::fmt::Display) -> Problem {
        Problem::new(self.name, text)
    }

    /// Finds the columns by their headers.
    fn find_columns<'h>(&mut self, headers: impl Iterator<Item = &'h str>) -> Result<(), Problem> {
        for (at, header) in headers.enumerate() {
            let header = header.trim().trim_start_matches('\u{feff}').to_ascii_lowercase();
            let Some(place) = HEADERS.iter().position(|names| names.contains(&header.as_str()))
            else {
                continue;
            };
            if self.places[place].replace(at).is_some() {
                let text = format!("two columns are called {}", HEADERS[place].join(" or "));
                return Err(self.problem(text));
            }
        }
        let missing: Vec<String> = (1..6)
            .filter(|&place| self.places[place].is_none())
            .map(|place| HEADERS[place][..HEADERS[place].len().min(3)].join("|"))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(self.problem(format!("has no column {}", missing.join(", "))).row(1))
        }
    }

    fn read_csv(
        mut self,
        bytes: &[u8],
        rows: &mut Vec<SourceRow>,
        problems: &mut Problems,
    ) -> Result<(), Problem> {
        let head = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().find(|byte| head.contains(byte));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .flexible(true)
            .from_reader(bytes);
        let headers = reader.byte_headers().map_err(|error| self.problem(error))?.clone();
        let headers: Vec<_> = headers.iter().map(String::from_utf8_lossy).collect();
        self.find_columns(headers.iter().map(AsRef::as_ref))?;
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| self.problem(error))? {
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != headers.len() {
                let (has, expected) = (record.len(), headers.len());
                let text = format!("has {has} fields, the header has {expected}");
                problems.push(self.problem(text).row(line));
            } else if let Some(row) = self.csv_row(&record, line, problems) {
                rows.push(row);
            }
        }
        Ok(())
    }

    fn csv_row(
        &self,
        record: &ByteRecord,
        line: u64,
        problems: &mut Problems,
    ) -> Option<SourceRow> {
        let cell = |place: usize| {
            let bytes = self.places[place].and_then(|at| record.get(at)).unwrap_or_default();
            std::str::from_utf8(bytes).unwrap_or("\u{fffd}").trim()
        };
        let mut wrong = |place: usize, text: &str, found: &str| {
            let found: String = found.chars().take(40).collect();
            let text = format!("{text}, not {found:?}");
            problems.push(self.problem(text).row(line).field(HEADERS[place][0]));
        };
        let moment = moment::parse(cell(1), self.zone);
        let moment = moment.map_err(|text| wrong(1, &text, cell(1))).ok();
        let mut prices = [f64::NAN; 4];
        for (at, price) in prices.iter_mut().enumerate() {
            match cell(at + 2).parse() {
                Ok(value) => *price = value,
                Err(_) => wrong(at + 2, "must be a number", cell(at + 2)),
            }
        }
        let volume = match cell(6) {
            "" => Some(f64::NAN),
            text => text.parse().map_err(|_| wrong(6, "must be a number or empty", text)).ok(),
        };
        let symbol = self.places[0].map_or(self.stem.as_str(), |_| cell(0)).to_owned();
        if prices.iter().any(|price| price.is_nan()) {
            // Texts that are no numbers at all are reported above.
            for at in (0..4).filter(|&at| cell(at + 2).parse().is_ok_and(f64::is_nan)) {
                wrong(at + 2, "must be a number", cell(at + 2));
            }
            return None;
        }
        let (moment, volume) = (moment?, volume?);
        Some(SourceRow { file: self.file, row: line, symbol, moment, prices, volume })
    }

    fn read_arrow(
        mut self,
        bytes: &[u8],
        rows: &mut Vec<SourceRow>,
        problems: &mut Problems,
    ) -> Result<(), Problem> {
        let schema = arrow_file::schema(bytes).map_err(|error| self.problem(error))?;
        self.find_columns(schema.fields().iter().map(|field| field.name().as_str()))?;
        let mut first_row = 1;
        for batch in arrow_file::batches(bytes, None).map_err(|error| self.problem(error))? {
            let column = |place: usize| self.places[place].map(|at| batch.column(at));
            let symbols = column(0).map(|array| self.column(0, array, texts)).transpose()?;
            let moments = column(1).map(|array| self.moments(array)).transpose()?;
            let number =
                |place| column(place).map(|it| self.column(place, it, numbers)).transpose();
            let numbers: Vec<_> = (2..7).map(number).collect::<Result<_, _>>()?;
            for at in 0..batch.num_rows() {
                let row = first_row + at as u64;
                let mut wrong = |place: usize, text: &str| {
                    problems.push(self.problem(text).row(row).field(HEADERS[place][0]));
                };
                let value = |place: usize| numbers[place - 2].as_ref().and_then(|it| it[at]);
                for place in (2..6).filter(|&place| value(place).is_none_or(f64::is_nan)) {
                    wrong(place, "must be a number");
                }
                let prices = [2, 3, 4, 5].map(|place| value(place).unwrap_or(f64::NAN));
                let symbol = match &symbols {
                    Some(symbols) => symbols[at].clone().unwrap_or_default(),
                    None => self.stem.clone(),
                };
                let Some(found) = moments.as_ref().map(|it| &it[at]) else { continue };
                match found {
                    Err(text) => wrong(1, text),
                    Ok(_) if prices.iter().any(|price| price.is_nan()) => {}
                    &Ok(moment) => {
                        let volume = value(6).unwrap_or(f64::NAN);
                        let file = self.file;
                        rows.push(SourceRow { file, row, symbol, moment, prices, volume });
                    }
                }
            }
            first_row += batch.num_rows() as u64;
        }
        Ok(())
    }

    /// Reads a column, or names the type it should not have.
    fn column<T>(
        &self,
        place: usize,
        array: &ArrayRef,
        read: impl Fn(&ArrayRef) -> Option<T>,
    ) -> Result<T, Problem> {
        read(array).ok_or_else(|| {
            let text = format!("cannot be read from a column of {}", array.data_type());
            self.problem(text).field(HEADERS[place][0])
        })
    }

    /// The times of a column; one without a zone shows wall clocks of the file's zone.
    fn moments(&self, array: &ArrayRef) -> Result<Vec<Result<Moment, String>>, Problem> {
        let missing = || Err(moment::EXPECTED.to_owned());
        if let Some((values, per_second)) = bars::timestamps(array) {
            let zoned = matches!(array.data_type(), DataType::Timestamp(_, Some(_)));
            let of = |(at, &value): (usize, &i64)| match (array.is_valid(at), zoned) {
                (false, _) => missing(),
                (true, true) => moment::counted(value, per_second, Some(self.zone)),
                (true, false) => {
                    let page = moment::counted(value, per_second, None)?;
                    let local = jiff::Timestamp::from_second(page.instant.seconds());
                    let local = local.map_err(|_| moment::EXPECTED)?;
                    moment::naive(TimeZone::UTC.to_datetime(local), self.zone)
                }
            };
            return Ok(values.iter().enumerate().map(of).collect());
        }
        if let Some(dates) = dates(array) {
            let read = |date: Option<civil::Date>| {
                date.map_or_else(missing, |date| moment::parse(&date.to_string(), self.zone))
            };
            return Ok(dates.into_iter().map(read).collect());
        }
        if let Some(counts) = integers(array) {
            let read = |count: Option<i64>| {
                count.map_or_else(missing, |count| moment::epoch(count, self.zone))
            };
            return Ok(counts.into_iter().map(read).collect());
        }
        let texts = self.column(1, array, texts)?;
        Ok(texts
            .into_iter()
            .map(|text| moment::parse(text.as_deref().unwrap_or_default(), self.zone))
            .collect())
    }
}

fn texts(array: &ArrayRef) -> Option<Vec<Option<String>>> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let names = bars::texts(dictionary.values())?;
        if names.is_empty() {
            return Some(vec![None; array.len()]);
        }
        let keys = dictionary.normalized_keys().into_iter().enumerate();
        return Some(
            keys.map(|(at, key)| array.is_valid(at).then(|| names[key].to_owned())).collect(),
        );
    }
    let names = bars::texts(array)?;
    Some(names.into_iter().map(|name| Some(name.to_owned())).collect())
}

fn numbers(array: &ArrayRef) -> Option<Vec<Option<f64>>> {
    if let Some(column) = array.as_primitive_opt::<Float64Type>() {
        return Some(column.iter().collect());
    }
    if let Some(column) = array.as_primitive_opt::<Float32Type>() {
        // The shortest text of the narrow float, not its exact binary value.
        let widen = |value: f32| value.to_string().parse().unwrap_or(f64::from(value));
        return Some(column.iter().map(|value| value.map(widen)).collect());
    }
    #[expect(clippy::cast_precision_loss, reason = "a price or volume past 2^53 is refused later")]
    let float = |value: i64| value as f64;
    Some(integers(array)?.into_iter().map(|value| value.map(float)).collect())
}

fn integers(array: &ArrayRef) -> Option<Vec<Option<i64>>> {
    Some(match array.data_type() {
        DataType::Int64 => array.as_primitive::<Int64Type>().iter().collect(),
        DataType::Int32 => {
            array.as_primitive::<Int32Type>().iter().map(|it| it.map(i64::from)).collect()
        }
        DataType::UInt32 => {
            array.as_primitive::<UInt32Type>().iter().map(|it| it.map(i64::from)).collect()
        }
        DataType::UInt64 => array
            .as_primitive::<UInt64Type>()
            .iter()
            .map(|it| it.map(|value| i64::try_from(value).unwrap_or(i64::MAX)))
            .collect(),
        _ => return None,
    })
}

fn dates(array: &ArrayRef) -> Option<Vec<Option<civil::Date>>> {
    let date = |days: i64| {
        let instant = jiff::Timestamp::from_second(days.checked_mul(86_400)?).ok()?;
        Some(TimeZone::UTC.to_datetime(instant).date())
    };
    Some(match array.data_type() {
        DataType::Date32 => {
            let column = array.as_primitive::<Date32Type>();
            column.iter().map(|it| it.and_then(|days| date(i64::from(days)))).collect()
        }
        DataType::Date64 => {
            let column = array.as_primitive::<Date64Type>();
            column.iter().map(|it| it.and_then(|ms| date(ms.div_euclid(86_400_000)))).collect()
        }
        _ => return None,
    })
}
