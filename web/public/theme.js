// Before the first paint: the theme that was chosen, else the system's. A file, so that no inline script is needed.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('theme')
  } catch (_) {
    // storage refused: the system's theme it is
  }
  var light = chosen ? chosen === 'light' : matchMedia('(prefers-color-scheme: light)').matches
  document.documentElement.dataset.theme = light ? 'light' : 'dark'
})()
