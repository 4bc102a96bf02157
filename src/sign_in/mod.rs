//! How a person shows who they are: a provider they are known to, or a link of the operator.
