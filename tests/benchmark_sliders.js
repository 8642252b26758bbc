// In the page: when a key went down, when the picture it changed was there, and what each frame of a drag showed.
// An approach's `picture` is an expression that tells, from the `cell` (its outputs), the element of the picture and
// its `state`, a string that is another one whenever another picture is seen; null where there is none.
window.bench = (() => {
  const frame = () => new Promise(requestAnimationFrame);
  const cellOf = (place) => document.querySelectorAll('.jp-Notebook .jp-CodeCell')[place].querySelector('.jp-OutputArea');
  const look = (approach) => {
    const cell = cellOf(approach.place);
    return { cell, seen: new Function('cell', `return ${approach.picture}`)(cell) };
  };
  const drawn = (seen) => {
    if (!seen || !seen.state || seen.element.getBoundingClientRect().height < 20) return false;
    return !(seen.element instanceof HTMLImageElement) || (seen.element.complete && seen.element.naturalWidth > 0);
  };

  // Mutations inside shadow roots are not seen from outside: each root is watched by itself.
  const watch = (cell, tell) => {
    const watched = new Set();
    const observer = new MutationObserver(() => { join(); tell(); });
    const join = () => {
      const roots = [cell, ...[...cell.querySelectorAll('*')].map((inner) => inner.shadowRoot).filter(Boolean)];
      for (const root of roots) {
        if (watched.has(root)) continue;
        watched.add(root);
        observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
      }
    };
    join();
    return observer;
  };

  // From the next trusted key event to the frame that shows the changed picture, in ms; null after `limit` ms.
  const latency = (approach, limit = 6000) => new Promise((resolve) => {
    const { cell, seen } = look(approach);
    const before = seen?.state;
    let pressed = null;
    let found = false;
    const finish = (value) => {
      observer.disconnect();
      clearTimeout(timer);
      document.removeEventListener('keydown', note, true);
      resolve(value);
    };
    const note = (event) => { if (event.isTrusted && pressed === null) pressed = performance.now(); };
    document.addEventListener('keydown', note, true);
    const timer = setTimeout(() => finish(null), limit);
    const check = async () => {
      const now = look(approach).seen;
      if (found || pressed === null || !now?.state || now.state === before) return;
      found = true;
      // Not decode(): beside a third cell it was seen never to settle. A picture in the page is loaded when it says so.
      while (!drawn(look(approach).seen)) await frame();
      await frame();
      finish(performance.now() - pressed);
    };
    const observer = watch(cell, check);
  });

  // Looks at every frame until told to stop.
  let film = null;
  const record = async (approach) => {
    const mine = film = { changes: [], frames: 0, blank: 0, heights: new Set(), moves: [], inputs: 0, on: true };
    const note = (event) => { if (event.isTrusted && event.buttons) mine.moves.push(performance.now()); };
    const count = () => { mine.inputs += 1; }; // what a range input tells of itself; other sliders tell nothing
    document.addEventListener('pointermove', note, true);
    document.addEventListener('input', count, true);
    let last = look(approach).seen?.state;
    while (mine.on) {
      await frame();
      const { cell, seen } = look(approach);
      mine.frames += 1;
      mine.heights.add(Math.round(cell.getBoundingClientRect().height));
      if (!drawn(seen)) mine.blank += 1;
      else if (seen.state !== last) { mine.changes.push(performance.now()); last = seen.state; }
    }
    document.removeEventListener('pointermove', note, true);
    document.removeEventListener('input', count, true);
  };
  const stop = () => {
    film.on = false;
    return { ...film, heights: [...film.heights] };
  };
  return { latency, record, stop };
})();
