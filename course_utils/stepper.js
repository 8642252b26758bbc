// Shows a backward pass step by step. All steps were computed beforehand and lie in the page: this only shows them.
// Without it the still picture stays, with the steps in words below it. It runs once for each stepper in a page, so
// nothing is declared outside the loop.
for (const box of document.querySelectorAll('.course-stepper:not([data-live])')) {
  box.dataset.live = 'yes';
  const steps = JSON.parse(box.dataset.steps);
  const still = box.querySelector('img');

  // The still picture's own SVG, inside a shadow root: its styles and names stay inside.
  const bytes = Uint8Array.from(atob(still.src.split(',')[1]), (letter) => letter.charCodeAt(0));
  const drawing = new DOMParser().parseFromString(new TextDecoder().decode(bytes), 'image/svg+xml').documentElement;
  drawing.querySelector('title').remove(); // it would pop up wherever the mouse rests
  drawing.setAttribute('style', 'max-width: 100%; height: auto; display: block;');
  const picture = document.createElement('div');
  picture.className = still.className;
  const root = picture.attachShadow({ mode: 'open' });
  root.append(document.importNode(drawing, true));
  still.replaceWith(picture);

  const look = 'color: inherit; background: transparent; border: 1px solid; border-radius: 4px; padding: 2px 9px;'
    + ' font: inherit; cursor: pointer;';
  const named = (tag, label, text = '') => {
    const made = document.createElement(tag);
    made.setAttribute('aria-label', label);
    made.dataset.lmSuppressShortcuts = 'true'; // or JupyterLab takes the arrow keys
    made.title = label;
    made.textContent = text;
    return made;
  };
  const slider = named('input', 'step of the backward pass');
  Object.assign(slider, { type: 'range', min: 0, max: steps.length - 1, step: 1, value: 0 });
  slider.style.flex = '1 1 12em';
  const count = document.createElement('span');
  const sentence = document.createElement('p');
  sentence.setAttribute('aria-live', 'polite');
  sentence.style.minHeight = '3em'; // what is below must not jump

  const show = (to) => {
    const now = Math.max(0, Math.min(steps.length - 1, to));
    const past = steps.slice(0, now + 1);
    const sent = new Set(past.flatMap((step) => step.sent));
    const gradients = Object.assign({}, ...past.map((step) => step.gradients));
    for (const arrow of root.querySelectorAll('.way')) {
      arrow.classList.toggle('sent', sent.has(Number(arrow.id.slice(1))));
    }
    for (const text of root.querySelectorAll('.gradient')) {
      const group = text.parentNode;
      group.classList.toggle('hand', Number(group.id.slice(1)) === steps[now].hand);
      text.textContent = gradients[group.id.slice(1)] ?? 'grad ·';
    }
    slider.value = now;
    slider.setAttribute('aria-valuetext', `${now} of ${steps.length - 1}`);
    count.textContent = `${now} of ${steps.length - 1}`;
    sentence.textContent = steps[now].words;
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', steps[now].words);
  };

  let timer = null;
  const play = named('button', 'play', '▶ play');
  play.setAttribute('style', `${look} min-width: 6em;`);
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = '▶ play';
    play.title = 'play';
    play.setAttribute('aria-label', 'play');
  };
  play.onclick = () => {
    if (timer !== null) return stop();
    if (Number(slider.value) === steps.length - 1) show(0);
    play.textContent = '❚❚ pause';
    play.title = 'pause';
    play.setAttribute('aria-label', 'pause');
    timer = setInterval(() => {
      show(Number(slider.value) + 1);
      if (Number(slider.value) === steps.length - 1 || !box.isConnected) stop();
    }, 1500);
  };
  const go = (label, text, to) => {
    const button = named('button', label, text);
    button.onclick = () => { stop(); show(to()); };
    button.setAttribute('style', look);
    return button;
  };
  slider.oninput = () => { stop(); show(Number(slider.value)); };
  const bar = document.createElement('div');
  bar.setAttribute('style', 'display: flex; gap: 6px; align-items: center; max-width: 640px; margin-top: 8px;');
  bar.append(
    go('first step', '|←', () => 0),
    go('one step back', '←', () => Number(slider.value) - 1),
    go('one step on', '→', () => Number(slider.value) + 1),
    go('last step', '→|', () => steps.length - 1),
    play, slider, count,
  );
  picture.after(bar, sentence);
  show(0);
}
