// What is wrong with the page that is shown: a list of sentences.
'use strict';

function isShown(element) {
  return element.getClientRects().length > 0 && getComputedStyle(element).visibility !== 'hidden';
}

function nameOf(element) {
  var text = element.textContent.trim().slice(0, 40);
  return '<' + element.tagName + ' class="' + (element.getAttribute('class') || '') + '"> "' + text + '"';
}

// Corners of the glyphs of a text on the screen; a font's box is higher than its letters.
function boxOf(text) {
  var box = text.getBBox(), matrix = text.getScreenCTM();
  var inset = 0.2 * box.height;
  var corners = [[box.x, box.y + inset], [box.x + box.width, box.y + inset],
    [box.x, box.y + box.height - inset], [box.x + box.width, box.y + box.height - inset]].map(function (corner) {
    return new DOMPoint(corner[0], corner[1]).matrixTransform(matrix);
  });
  var x = corners.map(function (corner) { return corner.x; }), y = corners.map(function (corner) { return corner.y; });
  return { left: Math.min.apply(null, x), right: Math.max.apply(null, x), top: Math.min.apply(null, y), bottom: Math.max.apply(null, y) };
}

function overlap(a, b) {
  var slack = 0.5;
  return a.left < b.right - slack && b.left < a.right - slack && a.top < b.bottom - slack && b.top < a.bottom - slack;
}

function problemsOfDrawing(svg) {
  var problems = [], frame = svg.getBoundingClientRect();
  var texts = Array.from(svg.querySelectorAll('text')).filter(function (text) {
    return isShown(text) && text.textContent.trim() !== '';
  }).map(function (text) {
    return { text: text, box: boxOf(text) };
  });
  texts.forEach(function (one, index) {
    if (one.box.left < frame.left - 1 || one.box.right > frame.right + 1 || one.box.top < frame.top - 1 || one.box.bottom > frame.bottom + 1)
      problems.push(nameOf(one.text) + ' lies outside its drawing "' + svg.getAttribute('aria-label') + '"');
    texts.slice(index + 1).forEach(function (other) {
      if (overlap(one.box, other.box))
        problems.push(nameOf(one.text) + ' overlaps ' + nameOf(other.text) + ' in "' + svg.getAttribute('aria-label') + '"');
    });
  });
  return problems;
}

// What is wider than the page and has no box in which it can be scrolled.
function problemsOfWidth() {
  var width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  var wide = Array.from(document.querySelectorAll('body *')).filter(function (element) {
    return !element.closest('.wide') && element.getBoundingClientRect().right > width + 0.5;
  });
  return ['the page is ' + document.documentElement.scrollWidth + ' px wide, the window ' + width + ': ' + wide.map(nameOf).slice(0, 5).join(', ')];
}

// Contrast of a colour with the background it is on (WCAG 2.2, relative luminance).
function luminance(colour) {
  var parts = colour.match(/[\d.]+/g).slice(0, 3).map(function (part) {
    var share = part / 255;
    return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}

function contrast(a, b) {
  var one = luminance(a), other = luminance(b);
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function problemsOfColours() {
  var back = getComputedStyle(document.body).backgroundColor, problems = new Set();
  document.querySelectorAll('p, th, td, figcaption, .legend button, nav a, svg text:not(.on)').forEach(function (element) {
    if (element.closest('.drawing') || !isShown(element) || element.textContent.trim() === '') return;
    var style = getComputedStyle(element), colour = element instanceof SVGElement ? style.fill : style.color;
    if (contrast(colour, back) < 4.5) problems.add(nameOf(element) + ' has the colour ' + colour + ' on ' + back);
  });
  return Array.from(problems);
}

var problems = problemsOfWidth().concat(problemsOfColours());
document.querySelectorAll('svg').forEach(function (svg) {
  problems = problems.concat(problemsOfDrawing(svg));
});
return problems;
