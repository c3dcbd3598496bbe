#include "imagenet/validation_labels.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <vector>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "imagenet/synsets.hpp"
#include "shared/byte_order_mark.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr size_t kShownBytes = 60;

[[noreturn]] void fail(const fs::path& file, size_t line, const std::string& found, const std::string& expected) {
  throw Error(ErrorCode::kData, shown(file) + ", line " + std::to_string(line) + ": '" +
                                    shown(found.substr(0, kShownBytes)) + "' is not " + expected +
                                    "; fetch the file again, or set 'validation_labels' to another");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<int64_t> read_number(std::string_view text) {
  int64_t number = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

// Without empty lines at the end.
std::vector<std::string> read_lines(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream || fs::is_directory(file))
    throw Error(ErrorCode::kData, shown(file) + " cannot be opened; check 'validation_labels'");
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (lines.empty()) remove_byte_order_mark(line);
    line.resize(line.find_last_not_of(" \t\r") + 1);
    lines.push_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.empty())
    throw Error(ErrorCode::kData, shown(file) + " is empty; fetch it again, or set 'validation_labels' to another");
  return lines;
}

ValidationLabels read_wnids(const fs::path& file, const std::vector<std::string>& lines) {
  ValidationLabels labels;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!is_wnid(lines[i])) fail(file, i + 1, lines[i], "a wnid such as n01440764");
    labels.emplace(static_cast<int64_t>(i) + 1, lines[i]);
  }
  return labels;
}

// "ILSVRC2012_val_00048981,n03995372 85 1 499 272": the wnid, and boxes that mean nothing here.
ValidationLabels read_solution(const fs::path& file, const std::vector<std::string>& lines) {
  ValidationLabels labels;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const size_t comma = std::min(line.find(','), line.size());
    const std::optional<int64_t> number = validation_number(line.substr(0, comma));
    const std::string_view prediction = line.substr(std::min(comma + 1, line.size()));
    const std::string_view wnid = prediction.substr(0, prediction.find(' '));
    if (!number || !is_wnid(wnid)) fail(file, i + 1, lines[i], "the name of a validation image, a comma and a wnid");
    labels.emplace(*number, wnid);
  }
  return labels;
}

ValidationLabels read_ground_truth(const fs::path& file, const std::vector<std::string>& lines) {
  const fs::path table = file.parent_path() / "meta.mat";
  const SynsetNames synsets = read_synsets(table);
  ValidationLabels labels;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::optional<int64_t> id = read_number(lines[i]);
    const auto found = id ? synsets.find(*id) : synsets.end();
    if (found == synsets.end()) fail(file, i + 1, lines[i], "an ILSVRC2012 id in " + shown(table));
    labels.emplace(static_cast<int64_t>(i) + 1, found->second);
  }
  return labels;
}

}  // namespace

bool is_wnid(std::string_view name) {
  return name.size() == 9 && name.front() == 'n' && std::all_of(name.begin() + 1, name.end(), is_digit);
}

std::optional<int64_t> validation_number(std::string_view stem) {
  constexpr std::string_view kBegin = "ILSVRC2012_val_";
  if (!stem.starts_with(kBegin)) return std::nullopt;
  const std::string_view digits = stem.substr(kBegin.size());
  if (digits.size() != 8 || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  return read_number(digits);
}

ValidationLabels read_validation_labels(const fs::path& file) {
  const std::vector<std::string> lines = read_lines(file);
  if (lines.front().starts_with("ImageId,")) return read_solution(file, lines);
  if (is_wnid(lines.front())) return read_wnids(file, lines);
  if (read_number(lines.front())) return read_ground_truth(file, lines);
  fail(file, 1, lines.front(), "an ILSVRC2012 id, a wnid, or the head 'ImageId,PredictionString'");
}

}  // namespace dha::datasets
