#include "idx/idx_labels.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "idx/idx_file.hpp"

namespace dha::datasets {

namespace {

constexpr int64_t kNumbers = 256;  // that a label can have

using Counts = std::array<int64_t, kNumbers>;

[[noreturn]] void refuse(const IdxLabels& labels, const std::string& what) {
  throw Error(ErrorCode::kData, labels.path.string() + " has " + what);
}

std::string range_text(int64_t first, int64_t last) {
  return "[" + std::to_string(first) + ", " + std::to_string(last) + "]";
}

// "label 26 in record 25 (offset 33)"
std::string place_of(const IdxLabels& labels, int64_t record) {
  return "label " + std::to_string(labels.values.const_data_ptr<int64_t>()[record]) + " in record " +
         std::to_string(record) + " (offset " + std::to_string(labels.header_size + record * labels.stride) + ")";
}

// The first record whose label lies outside the range.
std::optional<int64_t> first_outside(const IdxLabels& labels, const LabelRange& range) {
  const int64_t* values = labels.values.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < labels.values.size(0); ++i)
    if (values[i] < range.base || values[i] >= range.base + range.classes) return i;
  return std::nullopt;
}

Counts count(const IdxLabels& labels) {
  Counts counts{};
  const int64_t* values = labels.values.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < labels.values.size(0); ++i) ++counts[static_cast<size_t>(values[i])];
  return counts;
}

int64_t smallest_of(const Counts& counts) {
  int64_t label = 0;
  while (counts[static_cast<size_t>(label)] == 0) ++label;
  return label;
}

int64_t largest_of(const Counts& counts) {
  int64_t label = kNumbers - 1;
  while (counts[static_cast<size_t>(label)] == 0) --label;
  return label;
}

// Which settings fit labels without gaps; of others, that they have gaps, which no setting closes.
std::string advice(const Counts& counts, const LabelRange& set, const LabelSettings& settings) {
  const int64_t base = counts[0] > 0 ? 0 : 1, classes = largest_of(counts) - base + 1;
  const std::string found =
      "; its labels go from " + std::to_string(smallest_of(counts)) + " to " + std::to_string(largest_of(counts));
  for (int64_t label = base; label < base + classes; ++label)
    if (counts[static_cast<size_t>(label)] == 0)
      return found + " and no image has label " + std::to_string(label) +
             ": fetch the file again if it may be damaged, else " +
             (base != set.base ? "set 'label_base' to " + std::to_string(base) + " and " : "") +
             "number the labels without gaps";
  std::string changes;
  const auto change = [&](const std::string& text) { changes += (changes.empty() ? "" : " and ") + text; };
  if (base != set.base) change("set 'label_base' to " + std::to_string(base));
  if (settings.classes != 0 && classes != set.classes) {
    if (!settings.from_names) change("set 'classes' to " + std::to_string(classes));
    if (settings.has_names) change("give " + std::to_string(classes) + " 'class_names'");
  }
  return found + "; " + changes;
}

int64_t big_endian(const uint8_t* bytes) {
  const uint32_t value =
      uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
  return static_cast<int32_t>(value);
}

}  // namespace

IdxLabels read_idx_labels(const IdxPair& files) {
  const bool rows = files.label_dimensions == 2;
  IdxFile file(files.labels, files.label_dimensions, rows ? IdxType::kInt : IdxType::kUnsignedByte);
  file.check_size();
  const int64_t records = file.lengths()[0], stride = rows ? 4 * file.lengths()[1] : 1;
  IdxLabels labels{files.labels, {}, file.header_size(), stride};
  if (records == 0 || stride == 0) refuse(labels, "no label; fetch it again");
  labels.values = at::empty({records}, at::kLong);
  std::vector<uint8_t> bytes(static_cast<size_t>(file.content_size()));
  file.read(bytes.data());
  auto* out = labels.values.data_ptr<int64_t>();
  for (int64_t i = 0; i < records; ++i) {
    const uint8_t* at = &bytes[static_cast<size_t>(i * stride)];
    out[i] = rows ? big_endian(at) : *at;
  }
  if (const auto record = first_outside(labels, {0, kNumbers}))
    refuse(labels, place_of(labels, *record) + ", expected " + range_text(0, kNumbers - 1) + "; fetch it again");
  return labels;
}

LabelRange find_label_range(const IdxLabels& training, const LabelSettings& settings) {
  const Counts counts = count(training);
  LabelRange range{settings.base.value_or(0), settings.classes};
  if (range.classes == 0) range.classes = std::max<int64_t>(1, largest_of(counts) - range.base + 1);
  const std::string expected = ", expected " + range_text(range.base, range.base + range.classes - 1);
  if (const auto record = first_outside(training, range))
    refuse(training, place_of(training, *record) + expected + advice(counts, range, settings));
  if (range.base == 0 && smallest_of(counts) == 1)
    refuse(training, "no label 0" + expected + advice(counts, range, settings));
  return range;
}

void check_labels(const IdxLabels& labels, const LabelRange& range, const std::filesystem::path& training) {
  if (const auto record = first_outside(labels, range))
    refuse(labels, place_of(labels, *record) + ", expected " + range_text(range.base, range.base + range.classes - 1) +
                       " as in " + training.string() + "; both files must come from one set, fetch them again");
}

}  // namespace dha::datasets
