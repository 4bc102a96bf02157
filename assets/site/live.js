// Keeps the page of a run up to date: the server tells when a command was appended, the page is
// fetched again, and its parts that changed are replaced. Without this script a reload does it.
const live = document.getElementById("live");

/** Puts the parts of a fresh page in the places of the old ones. */
function replace(fresh) {
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = document.getElementById(part.id);
    if (!old || old.innerHTML === part.innerHTML) continue;
    const open = [...old.querySelectorAll("details")].map((it) => it.open);
    part.querySelectorAll("details").forEach((it, at) => (it.open = open[at] ?? false));
    const focused = old.contains(document.activeElement) && document.activeElement.id;
    old.replaceWith(document.importNode(part, true));
    if (focused) document.getElementById(focused)?.focus();
  }
}

function follow(source, shown) {
  let wanted = shown;
  let busy = false;
  source.onmessage = async (event) => {
    wanted = event.data;
    if (busy) return;
    busy = true;
    try {
      while (shown !== wanted) {
        shown = wanted;
        const answer = await fetch(location.href, { cache: "no-store" });
        if (!answer.ok) break;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        replace(fresh);
        // It has ended.
        if (!fresh.getElementById("live")) source.close();
      }
    } catch {
      // The next message tries again.
    } finally {
      busy = false;
    }
  };
}

if (live) follow(new EventSource(live.dataset.events), live.dataset.seq);
