// Names the sliders above it, for those who listen. ipywidgets leaves a slider's handle without a name, and tells the
// exponent of a logarithmic one as its value: here both are what is seen beside it.
{
  const area = document.currentScript?.closest('.jp-OutputArea') ?? document.body;
  const set = (handle, attribute, text) => {
    if (text && handle.getAttribute(attribute) !== text) handle.setAttribute(attribute, text);
  };
  const tell = () => {
    for (const slider of area.querySelectorAll('.widget-slider')) {
      const handle = slider.querySelector('.noUi-handle');
      if (!handle) continue;
      set(handle, 'aria-label', slider.querySelector('.widget-label')?.textContent.trim());
      set(handle, 'aria-valuetext', slider.querySelector('.widget-readout')?.textContent.trim());
    }
  };
  // The widgets come later than this script, and write the exponent anew at each move.
  new MutationObserver(tell).observe(area, { subtree: true, childList: true, attributeFilter: ['aria-valuetext'] });
  tell();
}
