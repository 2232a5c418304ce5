// A page whose style or script is missing reloads until it is whole. During a rolling update the replica that rendered a
// page and the one that is asked for its assets may be of different builds; that passes by itself. Each delay is longer
// than the one before and has a random part; after some minutes the page says in words that it gives up.
// It runs before anything else of the page, and alone if nothing else comes.
(function () {
  "use strict";
  var KEY = "recovery";
  var LEAST_MS = 500, MOST_MS = 10000, GIVES_UP_MS = 180000, TRIES = 4;
  var words = document.currentScript.dataset;
  var failed = false, loaded = false, hydrated = false, asked = 0, line = null;

  // How often this tab reloaded for it, and since when. A tab that keeps nothing must not reload: it could not stop.
  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) || { since: Date.now(), tries: 0 };
    } catch (error) {
      return { since: Date.now(), tries: 0 };
    }
  }
  function keep(state) {
    try {
      if (state) sessionStorage.setItem(KEY, JSON.stringify(state));
      else sessionStorage.removeItem(KEY);
      return true;
    } catch (error) {
      return false;
    }
  }

  // Beside the body, not in it: what the server rendered must be there unchanged when the page's script takes it over.
  function say(text) {
    if (!line) {
      line = document.createElement("p");
      line.setAttribute("role", "status");
      document.documentElement.insertBefore(line, document.body);
    }
    line.textContent = text;
  }

  function giveUp() {
    keep(null);
    say(words.byHand);
  }

  // The next pause: longer than the one before, and with a random part.
  function pause(tries) {
    return Math.min(LEAST_MS * Math.pow(2, tries), MOST_MS) * (0.5 + Math.random());
  }

  function fail() {
    if (failed) return;
    failed = true;
    // The answer to a form: to reload it is to send the form again, and a code that is shown once would be lost.
    if (location.pathname === "/session") return say(words.without);
    var state = read();
    if (Date.now() - state.since > GIVES_UP_MS) return giveUp();
    if (!keep({ since: state.since, tries: state.tries + 1 })) return say(words.byHand);
    say(words.updating);
    setTimeout(reload, pause(state.tries));
  }

  // Never onto a proxy's error page, from which nothing comes back, and never over a code that was typed.
  function reload() {
    var code = document.getElementById("seat-code");
    if (code && code.value && code.value !== code.defaultValue) return setTimeout(reload, MOST_MS);
    var later = function () {
      if (Date.now() - read().since > GIVES_UP_MS) return giveUp();
      asked += 1;
      setTimeout(reload, pause(asked));
    };
    var links = Array.from(document.querySelectorAll("head link[href^='/pkg/']"));
    Promise.all(links.map((link) => ask(link.href, TRIES))).then(function (answered) {
      if (answered.every(Boolean)) location.reload();
      else later();
    }, later);
  }

  // Whether a panel answers. All assets of this page are then in the browser's cache, if a few tries find the replica
  // that has them: the next page may be of the other build, but the one after it is whole. Without that, a proxy that
  // goes strictly by turns could send the same request to the same wrong replica for ever.
  function ask(address, tries) {
    return fetch(address).then(function (answer) {
      if (answer.status === 404 && tries > 1) return ask(address, tries - 1);
      return answer.arrayBuffer().then(() => answer.status < 500);
    });
  }

  function whole() {
    if (loaded && hydrated && !failed) keep(null);
  }

  // Errors of elements do not bubble; they can be caught on their way down.
  addEventListener(
    "error",
    function (event) {
      var address = event.target.href || event.target.src;
      if (typeof address === "string" && address.indexOf(location.origin + "/pkg/") === 0) fail();
    },
    true,
  );
  // A module or its WebAssembly that does not come rejects a promise that nobody waits for.
  addEventListener("unhandledrejection", function () {
    if (!hydrated) fail();
  });
  addEventListener("load", function () {
    loaded = true;
    whole();
  });
  document.addEventListener("hydrated", function () {
    hydrated = true;
    whole();
  });
})();
