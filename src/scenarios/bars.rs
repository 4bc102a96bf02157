//! `bars.arrow`: rows of bars as an Arrow IPC file, compressed with zstd.
//!
//! Columns `symbol` (text, plain or as a dictionary), `ts` (timestamp of any unit, UTC), `open`,
//! `high`, `low`, `close` and `volume` (64-bit floats). Rows lie in order of `ts`, then `symbol`.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, DictionaryArray, Float64Array, RecordBatch, StringArray,
        TimestampMillisecondArray, UInt16Array,
    },
    datatypes::{
        DataType, Float64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt16Type,
    },
    error::ArrowError,
    ipc::{
        CompressionType,
        writer::{FileWriter, IpcWriteOptions},
    },
};
use sim::Timestamp;

use super::{
    arrow_file,
    problems::{Problem, Problems},
};

/// The file's name inside a scenario's folder.
pub const BARS_FILE: &str = "bars.arrow";
/// Its columns.
pub const COLUMNS: [&str; 7] = ["symbol", "ts", "open", "high", "low", "close", "volume"];

/// One row, its prices as they stand in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Index into [`Bars::names`].
    pub symbol: u32,
    /// When the bar became known.
    pub ts: Timestamp,
    /// Open, high, low and close.
    pub prices: [f64; 4],
    /// Units traded; NaN where the source has none.
    pub volume: f64,
}

/// Rows of bars in the order of their file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bars {
    names: Vec<String>,
    ids: BTreeMap<String, u32>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Bars {
    /// The symbols that rows point to.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The symbol of a row.
    pub fn name(&self, row: &Row) -> &str {
        &self.names[row.symbol as usize]
    }

    /// The index of a symbol, added when it is new.
    pub fn intern(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    /// Puts the rows into the order of the file.
    pub fn sort(&mut self) {
        let names = &self.names;
        let key = |row: &Row| (row.ts, &names[row.symbol as usize]);
        self.rows.sort_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// Reads the rows. Malformed cells are reported and end in nothing.
pub fn read(bytes: &[u8], problems: &mut Problems) -> Option<Bars> {
    let found = problems.count();
    let mut bars = Bars::default();
    let done = scan(bytes, &COLUMNS, |batch, first_row| {
        append(&mut bars, batch, first_row, problems);
    });
    if let Err(problem) = done {
        problems.push(problem);
    }
    (problems.count() == found).then_some(bars)
}

/// Reads only when there are bars of the symbols that `wanted` accepts, ascending and unique.
pub fn read_timeline(
    bytes: &[u8],
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Timestamp>, Problem> {
    let mut timeline = Vec::new();
    let mut problems = Problems::default();
    scan(bytes, &COLUMNS[..2], |batch, first_row| {
        let mut bars = Bars::default();
        let symbols = symbols(&mut bars, batch.column(0), first_row, &mut problems);
        let wanted: Vec<bool> = bars.names().iter().map(|name| wanted(name)).collect();
        let instants = instants(batch.column(1), first_row, &mut problems);
        let rows = symbols.iter().zip(instants);
        timeline
            .extend(rows.filter(|(id, _)| wanted.get(**id as usize) == Some(&true)).map(|it| it.1));
    })?;
    if let Some(problem) = problems.listed().first() {
        return Err(problem.clone());
    }
    timeline.sort_unstable();
    timeline.dedup();
    Ok(timeline)
}

/// Writes rows as they are.
pub fn write(bars: &Bars) -> Result<Vec<u8>, Problem> {
    encode(bars).map_err(|error| Problem::new(BARS_FILE, error))
}

fn encode(bars: &Bars) -> Result<Vec<u8>, ArrowError> {
    let keys = bars.rows.iter().map(|row| u16::try_from(row.symbol));
    let keys: UInt16Array = keys
        .collect::<Result<Vec<u16>, _>>()
        .map_err(|_| ArrowError::InvalidArgumentError("more than 65536 symbols".into()))?
        .into();
    let names = Arc::new(StringArray::from_iter_values(&bars.names));
    let instants = bars.rows.iter().map(|row| row.ts.seconds() * 1_000);
    let instants = TimestampMillisecondArray::from_iter_values(instants).with_timezone("UTC");
    let floats = |of: fn(&Row) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(bars.rows.iter().map(of)))
    };
    let batch = RecordBatch::try_from_iter([
        ("symbol", Arc::new(DictionaryArray::<UInt16Type>::try_new(keys, names)?) as ArrayRef),
        ("ts", Arc::new(instants)),
        ("open", floats(|row| row.prices[0])),
        ("high", floats(|row| row.prices[1])),
        ("low", floats(|row| row.prices[2])),
        ("close", floats(|row| row.prices[3])),
        ("volume", floats(|row| row.volume)),
    ])?;
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD))?;
    let mut writer = FileWriter::try_new_with_options(Vec::new(), batch.schema_ref(), options)?;
    writer.write(&batch)?;
    writer.into_inner()
}

/// Hands over each batch with these columns, in this order, and the number of its first row.
fn scan(
    bytes: &[u8],
    columns: &[&str],
    mut take: impl FnMut(&RecordBatch, u64),
) -> Result<(), Problem> {
    let unreadable =
        |error: ArrowError| Problem::new(BARS_FILE, format!("must be an Arrow IPC file: {error}"));
    let schema = arrow_file::schema(bytes).map_err(unreadable)?;
    let missing: Vec<&str> =
        columns.iter().copied().filter(|name| schema.index_of(name).is_err()).collect();
    if !missing.is_empty() {
        return Err(Problem::new(BARS_FILE, format!("has no column {}", missing.join(", "))));
    }
    let places: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let mut projection = places.clone();
    projection.sort_unstable();
    let mut first_row = 1;
    for batch in arrow_file::batches(bytes, Some(projection.clone())).map_err(unreadable)? {
        // The reader answers in the file's order of columns.
        let order: Vec<usize> =
            places.iter().filter_map(|place| projection.binary_search(place).ok()).collect();
        take(&batch.project(&order).map_err(unreadable)?, first_row);
        first_row += batch.num_rows() as u64;
    }
    Ok(())
}

fn append(bars: &mut Bars, batch: &RecordBatch, first_row: u64, problems: &mut Problems) {
    let found = problems.count();
    let symbols = symbols(bars, batch.column(0), first_row, problems);
    let instants = instants(batch.column(1), first_row, problems);
    let mut float = |at: usize| floats(batch.column(at), COLUMNS[at], first_row, problems);
    let (open, high, low, close) = (float(2), float(3), float(4), float(5));
    let volume = float(6);
    if problems.count() > found {
        return;
    }
    bars.rows.reserve(batch.num_rows());
    for at in 0..batch.num_rows() {
        let prices = [open[at], high[at], low[at], close[at]];
        bars.rows.push(Row { symbol: symbols[at], ts: instants[at], prices, volume: volume[at] });
    }
}

fn nulls(array: &ArrayRef, field: &str, first_row: u64, problems: &mut Problems) {
    if array.null_count() == 0 {
        return;
    }
    for at in (0..array.len()).filter(|&at| array.is_null(at)) {
        problems.push(Problem::new(BARS_FILE, "is null").row(first_row + at as u64).field(field));
    }
}

fn symbols(bars: &mut Bars, array: &ArrayRef, first_row: u64, problems: &mut Problems) -> Vec<u32> {
    nulls(array, "symbol", first_row, problems);
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        if let Some(names) = texts(dictionary.values()) {
            if names.is_empty() {
                return vec![0; array.len()];
            }
            let ids: Vec<u32> = names.into_iter().map(|name| bars.intern(name)).collect();
            return dictionary.normalized_keys().into_iter().map(|key| ids[key]).collect();
        }
    } else if let Some(names) = texts(array) {
        return names.into_iter().map(|name| bars.intern(name)).collect();
    }
    let text = format!("must be text, not {}", array.data_type());
    problems.push(Problem::new(BARS_FILE, text).field("symbol"));
    vec![0; array.len()]
}

/// The texts of an array of any text type; an empty text for a null.
pub fn texts(array: &ArrayRef) -> Option<Vec<&str>> {
    Some(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().map(Option::unwrap_or_default).collect(),
        DataType::LargeUtf8 => {
            array.as_string::<i64>().iter().map(Option::unwrap_or_default).collect()
        }
        DataType::Utf8View => {
            array.as_string_view().iter().map(Option::unwrap_or_default).collect()
        }
        _ => return None,
    })
}

fn instants(array: &ArrayRef, first_row: u64, problems: &mut Problems) -> Vec<Timestamp> {
    nulls(array, "ts", first_row, problems);
    let Some((values, per_second)) = timestamps(array) else {
        let text = format!("must be a timestamp, not {}", array.data_type());
        problems.push(Problem::new(BARS_FILE, text).field("ts"));
        return Vec::new();
    };
    let mut instants = Vec::with_capacity(values.len());
    for (at, value) in values.iter().enumerate() {
        if value.rem_euclid(per_second) != 0 && array.is_valid(at) {
            let row = first_row + at as u64;
            let text = "must be a whole second";
            problems.push(Problem::new(BARS_FILE, text).row(row).field("ts"));
        }
        instants.push(Timestamp::from_seconds(value.div_euclid(per_second)));
    }
    instants
}

/// The raw values of a timestamp column and how many of them make a second.
pub fn timestamps(array: &ArrayRef) -> Option<(&[i64], i64)> {
    let DataType::Timestamp(unit, _) = array.data_type() else { return None };
    Some(match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().values(), 1),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().values(), 1_000),
        TimeUnit::Microsecond => {
            (array.as_primitive::<TimestampMicrosecondType>().values(), 1_000_000)
        }
        TimeUnit::Nanosecond => {
            (array.as_primitive::<TimestampNanosecondType>().values(), 1_000_000_000)
        }
    })
}

fn floats(array: &ArrayRef, field: &str, first_row: u64, problems: &mut Problems) -> Vec<f64> {
    let Some(column) = array.as_primitive_opt::<Float64Type>() else {
        let text = format!("must be a 64-bit float, not {}", array.data_type());
        problems.push(Problem::new(BARS_FILE, text).field(field));
        return Vec::new();
    };
    if field == "volume" {
        return column.iter().map(|volume| volume.unwrap_or(0.0)).collect();
    }
    nulls(array, field, first_row, problems);
    column.values().to_vec()
}
