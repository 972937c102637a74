// Draws what the kernel sends: markup that the kernel has escaped. Pausing is the page's own; stopping is asked for.
const SIGN_OF_LIFE = 5000;

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.style.cssText = "margin-right:6px;padding:1px 8px;font-size:12px;color:inherit;background:transparent;" +
    "border:1px solid rgba(128,128,128,.5);border-radius:3px;cursor:pointer";
  made.addEventListener("click", act);
  return made;
}

function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "etcdobs etcdobs-live";
  const body = document.createElement("div");
  const bar = document.createElement("div");
  const missed = document.createElement("span");
  missed.className = "note";
  let paused = false;
  let totalThen = 0;

  const draw = () => {
    if (paused) {
      const fresh = model.get("total") - totalThen;
      missed.textContent = `paused, ${fresh} new`;
      return;
    }
    missed.textContent = "";
    body.innerHTML = model.get("html");
  };
  const pause = button("pause", () => {
    paused = !paused;
    totalThen = model.get("total");
    pause.textContent = paused ? "resume" : "pause";
    draw();
  });
  bar.append(pause);
  if (model.get("can_stop")) bar.append(button("stop", () => model.send({ kind: "stop" })));
  bar.append(missed);
  box.append(bar, body);
  el.append(box);

  model.on("change:html", draw);
  const here = () => model.send({ kind: "here" });
  const timer = setInterval(here, SIGN_OF_LIFE);
  here();
  draw();
  return () => {
    clearInterval(timer);
    model.off("change:html", draw);
    model.send({ kind: "gone" });
  };
}

export default { render };
