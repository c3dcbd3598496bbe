'use strict';
(function () {
  var hint = document.getElementById('hint');
  var mostLines = 8;

  function show(text, event) {
    hint.textContent = text;
    hint.style.display = 'block';
    hint.style.left = 0;  // so that it is as wide as its text
    var left = Math.min(event.clientX + 14, window.innerWidth - hint.offsetWidth - 6);
    var top = event.clientY + 16;
    if (top + hint.offsetHeight > window.innerHeight) top = event.clientY - hint.offsetHeight - 10;
    hint.style.left = Math.max(4, left) + 'px';
    hint.style.top = Math.max(4, top) + 'px';
  }

  function hide() {
    hint.style.display = 'none';
  }

  // Values of curves at the pointer: the point of each curve that is nearest to it from left to right.
  function pairs(text) {
    return text.split(' ').map(function (pair) {
      return pair.split(',').map(Number);
    });
  }

  function number(value) {
    return String(Number(value.toPrecision(5)));
  }

  function curvesOf(plot) {
    return Array.from(plot.querySelectorAll('.series')).map(function (group) {
      return {
        group: group,
        name: group.dataset.name,
        places: pairs(group.querySelector('polyline').getAttribute('points')),
        values: pairs(group.dataset.values)
      };
    });
  }

  function nearest(places, x) {
    var best = 0;
    places.forEach(function (place, index) {
      if (Math.abs(places[best][0] - x) > Math.abs(place[0] - x)) best = index;
    });
    return best;
  }

  // The texts of the lines of a hint, in their order; of many the closest to the pointer.
  function closest(lines) {
    var distances = lines.map(function (line) {
      return line.distance;
    }).sort(function (a, b) {
      return a - b;
    });
    var most = distances[Math.min(mostLines, distances.length) - 1];
    return lines.filter(function (line) {
      return line.distance <= most;
    }).slice(0, mostLines).map(function (line) {
      return line.text;
    });
  }

  document.querySelectorAll('.plot').forEach(function (plot) {
    var curves = curvesOf(plot);
    var svg = plot.querySelector('svg');
    plot.addEventListener('mousemove', function (event) {
      var box = svg.getBoundingClientRect();
      var x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      var shown = curves.filter(function (curve) {
        return !curve.group.classList.contains('off');
      });
      if (shown.length === 0) return hide();
      var y = (event.clientY - box.top) * svg.viewBox.baseVal.height / box.height;
      var lines = shown.map(function (curve) {
        var at = nearest(curve.places, x), value = curve.values[at];
        return {
          distance: Math.abs(curve.places[at][1] - y),
          text: plot.dataset.x + ' ' + number(value[0]) + ', ' + curve.name + ': ' + number(value[1]) + (plot.dataset.unit || '')
        };
      });
      show(closest(lines).join('\n'), event);
    });
    plot.addEventListener('mouseleave', hide);
  });

  // What other drawings say about a cell or a bar; browsers show titles late, and touch screens never do.
  document.querySelectorAll('svg title').forEach(function (title) {
    var part = title.parentNode;
    if (part.tagName !== 'g') return;
    var text = title.textContent;
    part.removeChild(title);
    part.setAttribute('aria-label', text);
    part.addEventListener('mousemove', function (event) {
      show(text, event);
    });
    part.addEventListener('mouseleave', hide);
  });

  // A click on a name of a legend hides its curves or marks, in all drawings that the legend is of.
  document.querySelectorAll('.legend button').forEach(function (button) {
    button.addEventListener('click', function () {
      var hidden = button.classList.toggle('hidden');
      button.setAttribute('aria-pressed', String(!hidden));
      button.closest('figure, .linked').querySelectorAll('.series').forEach(function (group) {
        if (group.dataset.group === button.dataset.group) group.classList.toggle('off', hidden);
      });
    });
  });

  // A click on a heading sorts a table by its column; a second one sorts it the other way round.
  var units = { k: 1e3, M: 1e6, G: 1e9, s: 1, m: 60, h: 3600, d: 86400 };

  // The number that a cell begins with: "83.4 ± 0.3 %", "1,234", "3.35 M", "4m 05s", "< 0.0001", "[-0.5, +3]"; else its text.
  function keyOf(text) {
    var plain = text.replace(/,(?=[0-9]{3})/g, '').trim();
    if (plain === '' || plain === '-') return -Infinity;
    var parts = plain.match(/^[<\[]? ?([-+]?[0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?) ?([kMGsmhd]?)(?: ([0-9]+)([smh]))?(?![a-z])/);
    if (!parts) return plain.toLowerCase();
    var value = Number(parts[1]) * (units[parts[2]] || 1);
    return parts[3] ? value + Number(parts[3]) * units[parts[4]] : value;
  }

  function compare(a, b) {
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
    return a === b ? 0 : a > b ? 1 : -1;
  }

  function sort(table, heading) {
    var column = Array.from(heading.parentNode.children).indexOf(heading);
    var first = heading.classList.contains('n') ? 'descending' : 'ascending';
    var other = first === 'ascending' ? 'descending' : 'ascending';
    var order = heading.getAttribute('aria-sort') === first ? other : first;
    Array.from(heading.parentNode.children).forEach(function (one) {
      one.removeAttribute('aria-sort');
    });
    heading.setAttribute('aria-sort', order);
    var body = table.tBodies[0];
    var rows = Array.from(body.rows).map(function (row) {
      return { row: row, key: keyOf(row.cells[column].textContent) };
    });
    rows.sort(function (a, b) {
      return order === 'ascending' ? compare(a.key, b.key) : compare(b.key, a.key);
    });
    rows.forEach(function (item) {
      body.appendChild(item.row);
    });
  }

  document.querySelectorAll('table.sortable').forEach(function (table) {
    table.querySelectorAll('th').forEach(function (heading) {
      heading.addEventListener('click', function () {
        sort(table, heading);
      });
    });
  });
})();
