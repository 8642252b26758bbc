// Moves a picture in the browser alone. All that it will show was computed beforehand and lies in the page, so it
// follows a drag at once and needs no kernel. Where scripts do not run, the still picture stays, with its words.
// It runs once for each picture in a page, so nothing is declared outside the loop.
for (const box of document.querySelectorAll('.course-live:not([data-ready])')) {
  box.dataset.ready = 'yes';
  const { controls, moves, words, sentence } = JSON.parse(box.dataset.live);
  const still = box.querySelector('img');
  const GAP = -(2 ** 31);
  const now = controls.map((control) => control.start); // the place of each slider

  // What holds at a place: the last of the changes up to it. A change is [the place from which on it holds, what].
  const at = (changes, place) => changes.findLast(([from]) => from <= place)[1];

  // The numbers are stored as differences, from place to place and from point to point: here they become themselves.
  const summed = (numbers) => {
    const arrays = moves.flatMap(({ x, y, home }) => [x, y, home?.x, home?.y]).filter(Boolean);
    for (const { from, shape: [places, moments, length] } of new Map(arrays.map((one) => [one.from, one])).values()) {
      const end = from + places * moments * length;
      for (let i = from + moments * length; i < end; i++) numbers[i] += numbers[i - moments * length];
      for (let i = from; i < end; i++) if ((i - from) % length) numbers[i] += numbers[i - 1];
    }
    return numbers;
  };

  // Where a curve runs. Its numbers are lengths along the sides of its axes, 4000 to a side.
  const curves = (root, numbers) => {
    const sides = JSON.parse(root.querySelector('#sides')?.textContent ?? '[]'); // of each axes: left, right, top, bottom
    const row = ({ from, shape: [places, moments, length] }, kept) => {
      const place = places > 1 ? now[0] : 0;
      const moment = moments > 1 ? kept.findLastIndex((one) => one <= now[1]) : 0;
      const first = from + (place * moments + moment) * length;
      return numbers.subarray(first, first + length);
    };
    return ({ axes, x, y, shown, moments }) => {
      const [left, right, top, bottom] = sides[axes];
      const [across, up] = [row(x, moments), row(y, moments)];
      const last = shown === 'all' ? up.length - 1 : now.at(-1);
      const points = [];
      for (let place = shown === 'now' ? last : 0; place <= last; place++) {
        const gap = across[place] === GAP || up[place] === GAP; // inf or nan
        points.push(gap ? null : [
          left + (right - left) * across[place] / 4000,
          bottom - (bottom - top) * up[place] / 4000,
        ]);
      }
      return points;
    };
  };

  const put = {
    line(group, points) {
      const text = (point, place) => point && `${points[place - 1] ? 'L' : 'M'}${point[0].toFixed(2)} ${point[1].toFixed(2)}`;
      group.querySelector(':scope > path')?.setAttribute('d', points.map(text).join(''));
      const first = group.querySelector('use');
      if (!first) return;
      for (let more = group.querySelectorAll('use').length; more < points.length; more++) first.after(first.cloneNode());
      group.querySelectorAll('use').forEach((marker, place) => {
        marker.style.display = points[place] ? '' : 'none';
        const [x, y] = points[place] ?? [0, 0];
        marker.setAttribute('x', x);
        marker.setAttribute('y', y);
      });
    },
    place(group, points, home) {
      const [here] = points;
      group.style.display = here ? '' : 'none';
      if (here) group.setAttribute('transform', `translate(${here[0] - home[0]} ${here[1] - home[1]})`);
    },
    text(part, text) {
      const lines = text.split('\n');
      const places = part.matches('text') ? [part] : part.querySelectorAll('text');
      places.forEach((line, place) => { line.textContent = lines[place] ?? ''; });
    },
    mark(part, on, { name }) { part.classList.toggle(name, on); },
  };

  const start = (svg, numbers) => {
    const drawing = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
    drawing.querySelector('title')?.remove(); // it would pop up wherever the mouse rests
    for (const side of ['width', 'height']) drawing.setAttribute(side, still.getAttribute(side));
    drawing.setAttribute('style', 'max-width: 100%; height: auto; display: block;');
    const picture = document.createElement('div');
    picture.className = still.className;
    picture.setAttribute('role', 'img');
    const root = picture.attachShadow({ mode: 'open' }); // the drawing's styles and names stay inside
    const plain = document.createElement('div');
    plain.setAttribute('style', 'all: initial'); // and what the page's text looks like stays outside
    plain.append(document.importNode(drawing, true));
    root.append(plain);

    const points = curves(root, numbers);
    const parts = moves.map(({ id, part }) => root.querySelector(part ? `#${id} ${part}` : `#${id}`));
    const homes = moves.map((move) => move.home && points({ ...move, ...move.home }));
    const spoken = document.createElement('p');
    spoken.setAttribute('aria-live', 'polite');
    spoken.style.minHeight = sentence ? '3em' : '0'; // what is below must not jump

    const show = () => {
      moves.forEach((move, place) => {
        if (!parts[place]) return;
        if (move.changes) put[move.kind](parts[place], at(move.changes, now[0]), move);
        else put[move.kind](parts[place], points(move), homes[place]?.[0]);
      });
      const told = at(words, now[0]);
      picture.setAttribute('aria-label', told);
      if (sentence && spoken.textContent !== told) spoken.textContent = told;
      bars.forEach(({ slider, label, labels }, place) => {
        slider.value = now[place];
        label.textContent = labels[now[place]];
        slider.setAttribute('aria-valuetext', sentence || place ? labels[now[place]] : `${labels[now[place]]}: ${told}`);
      });
    };
    const bars = controls.map((control, place) => bar(control, (to) => {
      now[place] = Math.max(0, Math.min(control.labels.length - 1, to));
      show();
    }, () => now[place]));
    show();
    still.replaceWith(picture);
    picture.after(...bars.map(({ row }) => row), spoken);
  };

  // A slider with its value beside it, and buttons where it can be played.
  const bar = (control, go, here) => {
    const last = control.labels.length - 1;
    const named = (tag, label, text = '') => {
      const made = document.createElement(tag);
      made.setAttribute('aria-label', label);
      made.title = label;
      made.textContent = text;
      return made;
    };
    const text = (words, style = '') => {
      const made = document.createElement('span');
      made.textContent = words;
      made.setAttribute('style', style);
      return made;
    };
    const look = 'color: inherit; background: transparent; border: 1px solid; border-radius: 4px; padding: 2px 9px;'
      + ' font: inherit; cursor: pointer; white-space: nowrap;';

    let playing = null;
    const play = named('button', 'play', '▶ play');
    play.setAttribute('style', `${look} min-width: 6em;`);
    const say = (word, sign) => {
      play.textContent = `${sign} ${word}`;
      play.title = word;
      play.setAttribute('aria-label', word);
    };
    const stop = () => {
      cancelAnimationFrame(playing);
      playing = null;
      say('play', '▶');
    };
    // No picture is left out: one comes every `pace` milliseconds, or as soon as the page can.
    const tick = (time, before) => {
      const due = time - before > control.pace - 4; // a screen's frames come a little early or late
      if (due) go(here() + 1);
      if (here() === last || !box.isConnected) return stop();
      const since = due ? Math.max(before + control.pace, time - control.pace) : before;
      playing = requestAnimationFrame((next) => tick(next, since));
    };
    play.onclick = () => {
      if (playing !== null) return stop();
      if (here() === last) go(0);
      if (matchMedia('(prefers-reduced-motion: reduce)').matches) return go(last);
      say('pause', '❚❚');
      playing = requestAnimationFrame((time) => tick(time, time));
    };
    const button = (label, sign, to) => {
      const made = named('button', label, sign);
      made.setAttribute('style', look);
      made.onclick = () => { stop(); go(to()); };
      return made;
    };
    const { unit } = control;
    const buttons = unit ? [
      button(`first ${unit}`, '|←', () => 0),
      button(`one ${unit} back`, '←', () => here() - 1),
      button(`one ${unit} on`, '→', () => here() + 1),
      button(`last ${unit}`, '→|', () => last),
      play,
    ] : [];

    const slider = named('input', control.name);
    slider.dataset.lmSuppressShortcuts = 'true'; // or JupyterLab takes the arrow keys
    Object.assign(slider, { type: 'range', min: 0, max: last, step: 1, value: control.start });
    slider.setAttribute('style', 'display: block; width: 100%; margin: 0;');
    slider.oninput = () => { stop(); go(Number(slider.value)); };
    const track = text('', 'flex: 1 1 10em; min-width: 6em; position: relative;');
    track.append(slider, ...control.marks.map(([place, words]) => {
      const across = place / last; // the middle of a range's thumb is half its width, 8 px, away from the ends
      const side = across > 0.5 ? 'right' : 'left';
      const away = side === 'left' ? across : 1 - across;
      const arrow = side === 'left' ? `▲ ${words}` : `${words} ▲`;
      return text(arrow, `position: absolute; top: 100%; ${side}: calc(${8 - 16 * away - 6}px + ${100 * away}%);`
        + ' font-size: 85%; white-space: nowrap;');
    }));
    const longest = Math.max(...control.labels.map((words) => words.length));
    const label = text('', `min-width: ${longest}ch; font-variant-numeric: tabular-nums;`);
    const row = document.createElement('div');
    row.setAttribute('style', 'display: flex; flex-wrap: wrap; gap: 6px; align-items: center; max-width: 640px; margin-top: 8px;'
      + (control.marks.length ? ' padding-bottom: 1.2em;' : ''));
    row.append(...(control.shown ? [text(control.shown)] : []), ...buttons, track, label);
    return { row, slider, label, labels: control.labels };
  };

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const inflated = (text) =>
    new Response(new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream('deflate')));
  if (box.dataset.drawing) {
    Promise.all([inflated(box.dataset.drawing).text(), inflated(box.dataset.numbers).arrayBuffer()])
      .then(([svg, numbers]) => start(svg, summed(new Int32Array(numbers))));
  } else {
    start(new TextDecoder().decode(bytes(still.src.split(',')[1])), null);
  }
}
