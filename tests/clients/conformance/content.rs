//! The prompts and resources that the suite reads.

use rmcp::model::{
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt, PromptArgument,
    PromptMessage, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::{Value, json};

use crate::{
    input::{ask, filled, form},
    tools::{PNG, typed},
};

const WATCHED: &str = "test://watched-resource";

pub(crate) fn resources() -> Vec<Resource> {
    let fixed = ["test://static-text", "test://static-binary", WATCHED];
    let fixture = |uri| Resource::new(uri, uri).with_description("A fixture of the suite.");
    fixed.into_iter().map(fixture).collect()
}

pub(crate) fn template() -> ResourceTemplate {
    ResourceTemplate::new("test://template/{id}/data", "template").with_description("A fixture.")
}

/// The fixture at an address, if one is there.
pub(crate) fn read(uri: &str) -> Option<ResourceContents> {
    let text = |words: &str, kind: &str| ResourceContents::text(words, uri).with_mime_type(kind);
    match uri {
        "test://static-text" => {
            Some(text("This is the content of the static text resource.", "text/plain"))
        }
        "test://static-binary" => {
            Some(ResourceContents::blob(PNG, uri).with_mime_type("image/png"))
        }
        WATCHED => Some(text("Watched.", "text/plain")),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = format!("Data for ID: {id}");
            let body = json!({ "id": id, "templateTest": true, "data": data });
            Some(text(&body.to_string(), "application/json"))
        }
    }
}

pub(crate) fn prompts() -> Vec<Prompt> {
    let with: &[(&str, &[&str])] = &[
        ("test_simple_prompt", &[]),
        ("test_prompt_with_arguments", &["arg1", "arg2"]),
        ("test_prompt_with_embedded_resource", &["resourceUri"]),
        ("test_prompt_with_image", &[]),
        ("test_input_required_result_prompt", &[]),
    ];
    let prompt = |(name, arguments): &(&str, &[&str])| {
        let arguments = arguments.iter().map(|it| PromptArgument::new(*it).with_required(true));
        Prompt::new(*name, Some("A fixture of the suite."), Some(arguments.collect()))
    };
    with.iter().map(prompt).collect()
}

fn messages(contents: Vec<Value>) -> GetPromptResponse {
    let said = contents.into_iter().map(|it| json!({ "role": "user", "content": it }));
    let said: Vec<PromptMessage> = said.map(typed).collect();
    GetPromptResult::new(said).into()
}

fn words(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// The fixture of this name, if there is one.
pub(crate) fn prompt(request: &GetPromptRequestParams) -> Option<GetPromptResponse> {
    let argument = |name: &str| {
        let arguments = request.arguments.as_ref();
        arguments.and_then(|it| it.get(name)?.as_str()).unwrap_or_default()
    };
    Some(match &*request.name {
        "test_simple_prompt" => messages(vec![words("This is a simple prompt for testing.")]),
        "test_prompt_with_arguments" => {
            let (one, two) = (argument("arg1"), argument("arg2"));
            messages(vec![words(&format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))])
        }
        "test_prompt_with_embedded_resource" => messages(vec![
            json!({ "type": "resource", "resource": { "uri": argument("resourceUri"),
                "mimeType": "text/plain", "text": "Embedded resource content for testing." } }),
            words("Please process the embedded resource above."),
        ]),
        "test_prompt_with_image" => messages(vec![
            json!({ "type": "image", "data": PNG, "mimeType": "image/png" }),
            words("Please analyze the image above."),
        ]),
        "test_input_required_result_prompt" => {
            let responses = request.input_responses.as_ref();
            if let Some(context) = filled(responses, "user_context", "context") {
                messages(vec![words(&format!("In the context {context}."))])
            } else {
                let question = form("What context should the prompt use?", "context", "string");
                GetPromptResponse::InputRequired(ask(json!({ "user_context": question }), None))
            }
        }
        _ => return None,
    })
}
