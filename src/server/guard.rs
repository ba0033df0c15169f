//! What happens between a request and its page when the server has a lock.

use std::sync::Arc;

use http::{HeaderMap, Request, StatusCode};

use super::lock::{self, Lock};
use super::reply::{self, Reply};
use super::site::Site;

impl Site {
    /// Answers `request`, if the lock lets it pass; its body is not read.
    pub async fn answer<B>(self: &Arc<Self>, request: &Request<B>) -> Reply {
        match &self.lock {
            None => self.page(request).await,
            Some(lock) => self.guarded(lock, request).await,
        }
    }

    async fn guarded<B>(self: &Arc<Self>, lock: &Lock, request: &Request<B>) -> Reply {
        let Ok(rules) = lock.look().await else {
            // The log says why: that is for nobody who has not shown a password.
            let reply = lock::refusal(StatusCode::INTERNAL_SERVER_ERROR);
            return reply::for_method(request.method(), reply);
        };
        let mut reply = match lock.admit(&rules, request.headers()).await {
            Ok(()) => self.page(request).await,
            Err(refusal) => reply::for_method(request.method(), refusal),
        };
        dress(&mut reply, &rules.headers);
        reply
    }
}

/// The file's headers take the place of a page's own: whoever wrote them has the last word.
fn dress(reply: &mut Reply, headers: &HeaderMap) {
    for (name, value) in headers {
        reply.headers_mut().insert(name, value.clone());
    }
}
