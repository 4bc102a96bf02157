//! Resources and the prompt: what a client can read or hand to its model.

use http::StatusCode;
use rmcp::{
    ErrorData,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, ErrorCode, GetPromptResult, Prompt,
        PromptArgument, PromptMessage, ReadResourceResult, Reference, Resource, ResourceContents,
        ResourceTemplate, Role,
    },
};
use serde_json::{Map, Value};

use crate::{
    app::App,
    error::Error,
    ops::{
        Cx,
        guide::{self, RESOURCES, TradeScenario},
    },
};

/// What has one fixed address.
pub(super) fn resources() -> Vec<Resource> {
    let fixed = RESOURCES.iter().filter(|it| !it.is_template());
    let listed = |it: &guide::Resource| {
        Resource::new(it.uri, it.name)
            .with_title(it.title)
            .with_description(it.description)
            .with_mime_type(it.mime_type())
    };
    fixed.map(listed).collect()
}

/// What has an address with fields.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let listed = |it: &guide::Resource| {
        ResourceTemplate::new(it.uri, it.name)
            .with_title(it.title)
            .with_description(it.description)
            .with_mime_type(it.mime_type())
    };
    RESOURCES.iter().filter(|it| it.is_template()).map(listed).collect()
}

/// The text at an address, and whether everybody gets the same.
pub(super) async fn read(cx: &Cx, uri: &str) -> Result<(ReadResourceResult, bool), ErrorData> {
    let read = async {
        let (resource, fields) = guide::Resource::find(uri)?;
        Ok((resource, resource.read(cx, fields).await?))
    };
    let (resource, text) = read.await.map_err(|error: Error| {
        let mut refusal = refused(&error);
        if let Some(data) = &mut refusal.data {
            data["uri"] = uri.into();
        }
        if error.status() == StatusCode::NOT_FOUND {
            refusal.code = ErrorCode::RESOURCE_NOT_FOUND;
        }
        refusal
    })?;
    let contents = ResourceContents::text(text, uri).with_mime_type(resource.mime_type());
    Ok((ReadResourceResult::new(vec![contents]), resource.is_public()))
}

/// The prompt in the list.
pub(super) fn prompt() -> Prompt {
    let (name, meaning) = TradeScenario::ARGUMENT;
    let argument = PromptArgument::new(name).with_description(meaning).with_required(false);
    Prompt::new(TradeScenario::NAME, Some(TradeScenario::DESCRIPTION), Some(vec![argument]))
        .with_title("Trade a scenario")
}

/// The prompt with its arguments.
pub(super) fn prompted(
    app: &App,
    name: &str,
    arguments: Map<String, Value>,
) -> Result<GetPromptResult, ErrorData> {
    let text = || -> Result<String, Error> {
        guide::prompt_exists(name)?;
        TradeScenario::read(arguments)?.text(app)
    };
    let text = text().map_err(|error| refused(&error))?;
    let message = PromptMessage::new_text(Role::User, text);
    Ok(GetPromptResult::new(vec![message]).with_description(TradeScenario::DESCRIPTION))
}

/// What may follow the letters that somebody typed.
pub(super) fn complete(
    app: &App,
    request: &CompleteRequestParams,
) -> Result<CompleteResult, ErrorData> {
    let Reference::Prompt(prompt) = &request.r#ref else { return Ok(CompleteResult::default()) };
    guide::prompt_exists(&prompt.name).map_err(|error| refused(&error))?;
    if request.argument.name != TradeScenario::ARGUMENT.0 {
        return Ok(CompleteResult::default());
    }
    let mut slugs = TradeScenario::slugs(app, &request.argument.value);
    let total = slugs.len();
    slugs.truncate(CompletionInfo::MAX_VALUES);
    let more = total > slugs.len();
    let total = u32::try_from(total).ok();
    let completion = CompletionInfo::with_pagination(slugs, total, more);
    completion.map(CompleteResult::new).map_err(|error| ErrorData::internal_error(error, None))
}

/// An error of ours as JSON-RPC has it: of its members a model is shown the message alone.
fn refused(error: &Error) -> ErrorData {
    let ours = error.status().is_server_error();
    let code = if ours { ErrorCode::INTERNAL_ERROR } else { ErrorCode::INVALID_PARAMS };
    ErrorData::new(code, error.text(), Some(error.problem()))
}
