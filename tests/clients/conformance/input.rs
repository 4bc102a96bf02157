//! The tools that answer with questions and are called again with the answers.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, InputRequiredResult, InputResponses},
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::tools::{text, typed};

/// The states that were handed out; any other was made up by the client.
#[derive(Clone, Default)]
pub(crate) struct States(Arc<Mutex<BTreeSet<String>>>);

impl States {
    fn fresh(&self, name: &str) -> String {
        let mut states = self.0.lock().unwrap();
        let state = format!("{name}-{}", states.len());
        states.insert(state.clone());
        state
    }

    fn is_ours(&self, state: &str) -> bool {
        self.0.lock().unwrap().contains(state)
    }
}

/// A form with one field.
pub(crate) fn form(message: &str, field: &str, kind: &str) -> Value {
    json!({ "method": "elicitation/create", "params": { "message": message, "requestedSchema": {
        "type": "object", "properties": { field: { "type": kind } }, "required": [field] } } })
}

fn sample(prompt: &str) -> Value {
    json!({ "method": "sampling/createMessage", "params": { "maxTokens": 100, "messages": [
        { "role": "user", "content": { "type": "text", "text": prompt } }] } })
}

fn roots() -> Value {
    json!({ "method": "roots/list", "params": {} })
}

/// An answer that asks.
pub(crate) fn ask(questions: Value, state: Option<String>) -> InputRequiredResult {
    InputRequiredResult::new(Some(typed(questions)), state)
}

/// What the user put into a field of a form, if he did.
pub(crate) fn filled<'a>(
    responses: Option<&'a InputResponses>,
    form: &str,
    field: &str,
) -> Option<&'a Value> {
    let response = responses?.get(form)?;
    let value = response.get("content")?.get(field)?;
    (response["action"] == "accept").then_some(value)
}

/// Calls one of them.
pub(crate) fn call(
    states: &States,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(state) = &request.request_state
        && !states.is_ours(state)
    {
        return Err(ErrorData::invalid_params("requestState is not one of this server's", None));
    }
    let responses = request.input_responses.as_ref();
    let answered = |name: &str| responses.and_then(|it| it.get(name));
    let back = request.request_state.is_some();
    let response = match request.name.strip_prefix("test_input_required_result_").unwrap() {
        "elicitation" => {
            if let Some(name) = filled(responses, "user_name", "name").and_then(Value::as_str) {
                text(&format!("Hello, {name}!"))
            } else {
                let question = form("What is your name?", "name", "string");
                ask(json!({ "user_name": question }), None).into()
            }
        }
        "sampling" => {
            let question = json!({ "capital_question": sample("What is the capital of France?") });
            answered("capital_question").map_or_else(
                || ask(question, None).into(),
                |answer| text(&answer["content"]["text"].to_string()),
            )
        }
        "list_roots" => answered("client_roots").map_or_else(
            || ask(json!({ "client_roots": roots() }), None).into(),
            |answer| text(&answer["roots"].to_string()),
        ),
        "multiple_inputs" => {
            let questions = json!({
                "user_name": form("What is your name?", "name", "string"),
                "greeting": sample("Generate a greeting"),
                "client_roots": roots(),
            });
            let mut names = questions.as_object().unwrap().keys();
            if back && names.all(|name| answered(name).is_some()) {
                text("All three were answered.")
            } else {
                ask(questions, Some(states.fresh("multiple"))).into()
            }
        }
        "multi_round" => rounds(states, responses),
        "capabilities" => ask(declared(context), None).into(),
        // `request_state` and `tampered_state`
        _ if back && answered("confirm").is_some() => text("state-ok"),
        name => {
            let question = json!({ "confirm": form("Please confirm", "ok", "boolean") });
            ask(question, Some(states.fresh(name))).into()
        }
    };
    Ok(response)
}

fn rounds(states: &States, responses: Option<&InputResponses>) -> CallToolResponse {
    let color = filled(responses, "step2", "color");
    let name = filled(responses, "step1", "name");
    let question = match (name, color) {
        (_, Some(color)) => {
            return text(&format!("Your favourite colour is {color}."));
        }
        (Some(_), None) => {
            json!({ "step2": form("Step 2: What is your favorite color?", "color", "string") })
        }
        (None, None) => json!({ "step1": form("Step 1: What is your name?", "name", "string") }),
    };
    ask(question, Some(states.fresh("round"))).into()
}

/// A question for each thing that the client said it can do.
fn declared(context: &RequestContext<RoleServer>) -> Value {
    let can = context.client_capabilities().unwrap_or_default();
    let mut questions = serde_json::Map::new();
    if can.sampling.is_some() {
        questions.insert("sample".into(), sample("Say something"));
    }
    if can.elicitation.is_some() {
        questions.insert("form".into(), form("Your name?", "name", "string"));
    }
    if can.roots.is_some() {
        questions.insert("roots".into(), roots());
    }
    questions.into()
}
