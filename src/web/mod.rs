//! The pages: what a person sees in a browser.
