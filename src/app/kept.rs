//! Answers that are the same until the service ends: made once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// An answer in both forms that doors send.
#[derive(Debug, PartialEq, Eq)]
pub struct Json {
    /// As a value.
    pub value: Value,
    /// The same as text.
    pub text: String,
}

/// Answers, each under a name. Whoever keeps them sees to it that there are few.
#[derive(Default)]
pub struct Kept(Mutex<HashMap<String, Arc<Json>>>);

impl Kept {
    /// What is kept under this name.
    pub fn find(&self, name: &str) -> Option<Arc<Json>> {
        self.answers().get(name).cloned()
    }

    /// Keeps an answer; whoever makes the same one meanwhile keeps it again.
    pub fn keep(&self, name: String, value: Value) -> Arc<Json> {
        let text = value.to_string();
        let answer = Arc::new(Json { value, text });
        self.answers().insert(name, Arc::clone(&answer));
        answer
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<String, Arc<Json>>> {
        // Each change is one statement: a panic elsewhere leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
