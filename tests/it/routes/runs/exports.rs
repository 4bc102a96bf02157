//! Equity and trades as tables: JSON, CSV and Arrow say the same.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType},
    ipc::reader::StreamReader,
};
use axum::body::Body;
use serde_json::{Map, Value, json};

use crate::app::{Client, Reply, TestApp, market};

/// Where the rows are, and in which member.
const TABLES: [(&str, &str); 2] = [("equity", "equity_curve"), ("trades", "trades")];
const ARROW: &str = "application/vnd.apache.arrow.stream";

/// A run that bought with and without a reason, was liquidated, and wrote what needs quoting.
async fn busy(client: &Client) -> String {
    let run = client.start("margin").await;
    let mut reasoned = market("buy", "CRASH", 390);
    reasoned["reasoning"] = json!("\"quoted\", with a comma,\nand a line: ünï");
    client.order(&run, reasoned).await.expect(201);
    client.order(&run, market("buy", "CALM", json!(0.125))).await.expect(201);
    client.step(&run, 5).await.expect(200);
    run
}

async fn with_accept(client: &Client, path: &str, accept: &str) -> Reply {
    client
        .send(http::Request::get(path).header("accept", accept).body(Body::empty()).unwrap())
        .await
}

fn read_arrow(bytes: &[u8]) -> RecordBatch {
    let batches: Vec<_> = StreamReader::try_new(bytes, None).unwrap().map(Result::unwrap).collect();
    let [batch] = batches.as_slice() else { panic!("{} batches", batches.len()) };
    batch.clone()
}

/// The rows of a batch as JSON has them: what is null is absent.
fn rows_of(batch: &RecordBatch) -> Vec<Value> {
    let cell = |column: &dyn Array, at: usize| match column.data_type() {
        DataType::Utf8 => json!(column.as_string::<i32>().value(at)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(at)),
        DataType::Float64 => json!(column.as_primitive::<Float64Type>().value(at)),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC" => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(at);
            json!(jiff::Timestamp::from_microsecond(micros).unwrap().to_string())
        }
        other => panic!("{other}"),
    };
    let names = batch.schema().fields().iter().map(|it| it.name().clone()).collect::<Vec<_>>();
    let row = |at: usize| -> Map<String, Value> {
        let columns = names.iter().zip(batch.columns()).filter(|(_, column)| column.is_valid(at));
        columns.map(|(name, column)| (name.clone(), cell(column.as_ref(), at))).collect()
    };
    (0..batch.num_rows()).map(|at| Value::Object(row(at))).collect()
}

/// Whole numbers as floats: JSON drops the fraction of a decimal that has none.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(floats).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), floats(value))).collect()
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn all_forms_of_a_table_say_the_same() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = busy(&ada).await;
    for (table, member) in TABLES {
        let path = format!("/api/v1/runs/{run}/{table}");
        let body = ada.get(&path).await.expect(200);
        let rows = body[member].as_array().unwrap();
        assert!(rows.len() >= 3, "{table} has rows to compare");
        assert_eq!(ada.get(&format!("{path}.json")).await.json(), body);

        let arrow = ada.get(&format!("{path}.arrow")).await;
        let batch = read_arrow(&arrow.bytes);
        assert_eq!(floats(&json!(rows_of(&batch))), floats(&json!(rows)), "{table}");

        let csv = ada.get(&format!("{path}.csv")).await;
        let mut reader = csv::Reader::from_reader(csv.bytes.as_slice());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let columns: Vec<String> =
            batch.schema().fields().iter().map(|it| it.name().clone()).collect();
        assert_eq!(names, columns, "{table}");
        let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(lines.len(), rows.len(), "{table}");
        for (line, row) in lines.iter().zip(rows) {
            for (cell, name) in line.iter().zip(&names) {
                match &row[name] {
                    Value::Null => assert_eq!(cell, "", "{name}"),
                    Value::String(text) => assert_eq!(cell, text, "{name}"),
                    number => assert_eq!(cell.parse().ok(), number.as_f64(), "{name}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn columns_have_types_that_do_not_depend_on_the_rows() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let (busy, fresh) = (busy(&ada).await, ada.start("margin").await);
    for (table, _) in TABLES {
        let schema = async |run: &str| {
            let arrow = ada.get(&format!("/api/v1/runs/{run}/{table}.arrow")).await;
            read_arrow(&arrow.bytes).schema()
        };
        assert_eq!(schema(&busy).await, schema(&fresh).await, "{table}");
        let csv = async |run: &str| ada.get(&format!("/api/v1/runs/{run}/{table}.csv")).await.text;
        let (busy, fresh) = (csv(&busy).await, csv(&fresh).await);
        assert_eq!(busy.lines().next(), fresh.lines().next(), "{table}");
    }
    let trades = ada.get(&format!("/api/v1/runs/{busy}/trades.arrow")).await;
    let schema = read_arrow(&trades.bytes).schema();
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    for (name, kind, nullable) in [
        ("id", DataType::Utf8, false),
        ("order_id", DataType::Utf8, true),
        ("quantity", DataType::Float64, false),
        ("slippage_bps", DataType::Int64, false),
        ("sim_time_filled", utc, false),
        ("reasoning", DataType::Utf8, true),
    ] {
        let field = schema.field_with_name(name).unwrap();
        assert_eq!((field.data_type(), field.is_nullable()), (&kind, nullable), "{name}");
    }
    let equity = ada.get(&format!("/api/v1/runs/{fresh}/equity.csv")).await.text;
    assert_eq!(
        equity,
        "sim_time,equity,cash,positions_value,benchmark\n\
         2024-01-01T00:00:00Z,10000.0,10000.0,0.0,1.0\n",
        "a decimal has a fraction, so that no reader takes it for a whole number"
    );
}

#[tokio::test]
async fn accept_chooses_where_the_path_does_not() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = busy(&ada).await;
    for (table, _) in TABLES {
        let path = format!("/api/v1/runs/{run}/{table}");
        for (accept, kind, suffix) in [
            ("*/*", "application/json", ".json"),
            ("text/csv, application/json;q=0.9", "text/csv; charset=utf-8; header=present", ".csv"),
            (ARROW, ARROW, ".arrow"),
        ] {
            let reply = with_accept(&ada, &path, accept).await;
            assert_eq!(
                (reply.status, &reply.headers["content-type"]),
                (200, &kind.parse().unwrap())
            );
            assert!(reply.headers.get_all("vary").iter().any(|it| it == "accept"), "{accept}");
            let named = with_accept(&ada, &format!("{path}{suffix}"), "image/png").await;
            assert_eq!((named.status, named.bytes), (200, reply.bytes), "the path wins: {suffix}");
        }
        let refused = with_accept(&ada, &path, "image/png").await;
        let problem = refused.problem(406, "`Accept: image/png` fits no form of this answer");
        assert_eq!(
            problem["hint"],
            "there are application/json, text/csv, application/vnd.apache.arrow.stream; \
             or add one of .json, .csv, .arrow to the path"
        );
    }
}

#[tokio::test]
async fn every_form_is_the_owners_alone() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = busy(&ada).await;
    for (table, _) in TABLES {
        for suffix in ["", ".json", ".csv", ".arrow"] {
            let path = format!("/api/v1/runs/{run}/{table}{suffix}");
            bob.get(&path).await.problem(403, "you do not own this run");
            app.anon().get(&path).await.problem(401, "BotTrade API key required");
            ada.get(&path.replace(&run, "nope")).await.problem(404, "no such run");
            assert_eq!(ada.get(&format!("{path}?page=2")).await.any_problem()["status"], 422);
        }
        let other = ada.get(&format!("/api/v1/runs/{run}/{table}.xlsx")).await;
        assert_eq!(other.any_problem()["status"], 404);
    }
}
