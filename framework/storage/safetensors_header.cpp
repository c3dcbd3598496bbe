#include "storage/safetensors_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "dha/error.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr size_t kMostDimensions = 64;

struct StoredType {
  std::string_view name;
  c10::ScalarType type;
};

// In the order of the reference library (safetensors 0.8, Dtype from its last value to its first).
constexpr std::array<StoredType, 16> kStoredTypes{{
    {"U64", c10::ScalarType::UInt64},
    {"I64", c10::ScalarType::Long},
    {"F64", c10::ScalarType::Double},
    {"C64", c10::ScalarType::ComplexFloat},
    {"F32", c10::ScalarType::Float},
    {"U32", c10::ScalarType::UInt32},
    {"I32", c10::ScalarType::Int},
    {"BF16", c10::ScalarType::BFloat16},
    {"F16", c10::ScalarType::Half},
    {"U16", c10::ScalarType::UInt16},
    {"I16", c10::ScalarType::Short},
    {"F8_E4M3", c10::ScalarType::Float8_e4m3fn},
    {"F8_E5M2", c10::ScalarType::Float8_e5m2},
    {"I8", c10::ScalarType::Char},
    {"U8", c10::ScalarType::Byte},
    {"BOOL", c10::ScalarType::Bool},
}};

size_t rank(c10::ScalarType type) {
  return std::find_if(kStoredTypes.begin(), kStoredTypes.end(), [&](const StoredType& t) { return t.type == type; }) -
         kStoredTypes.begin();
}

// A name of unknown origin, as a message may show it.
std::string shown(std::string_view name) {
  const std::string_view part = name.substr(0, 60);
  return Json(std::string(part)).dump(-1, ' ', true, Json::error_handler_t::replace) +
         (part.size() < name.size() ? "..." : "");
}

[[noreturn]] void reject(const std::string& problem) { throw Error(ErrorCode::kData, problem); }

// Takes the header's JSON as it is parsed, so that no text, however deep or long, makes a tree of it.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (level_ == 0) return ++level_;
    if (level_ != 1) reject(here() + " contains an unexpected object");
    ++level_;
    in_metadata_ = name_ == kMetadataKey;
    if (!in_metadata_) {
      header_.entries.emplace_back().name = name_;
      fields_.clear();
    }
    return true;
  }

  bool key(string_t& text) override {
    if (level_ == 1) {
      name_ = text;
      if (!names_.insert(text).second) reject("the header names " + shown(text) + " twice");
    } else {
      field_ = text;
      if (!in_metadata_) check_field();
    }
    return true;
  }

  bool end_object() override {
    if (level_-- == 2 && !in_metadata_ && fields_.size() != 3)
      reject(here() + " lacks one of dtype, shape and data_offsets");
    return true;
  }

  bool string(string_t& text) override {
    if (level_ == 2 && in_metadata_) {
      if (!header_.metadata.emplace(field_, text).second) reject("the metadata name " + shown(field_) + " twice");
      return true;
    }
    if (level_ != 2 || field_ != "dtype") unexpected("text");
    const auto found =
        std::find_if(kStoredTypes.begin(), kStoredTypes.end(), [&](const StoredType& t) { return t.name == text; });
    if (found == kStoredTypes.end()) reject(here() + " has the unknown type " + shown(text));
    header_.entries.back().type = found->type;
    return true;
  }

  bool start_array(std::size_t) override {
    if (level_ != 2 || in_metadata_ || field_ == "dtype") unexpected("a list");
    numbers_.clear();
    ++level_;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (level_ != 3) unexpected("a number");
    if (numbers_.size() == kMostDimensions) reject(here() + " has more than 64 numbers in a list");
    numbers_.push_back(value);
    return true;
  }

  bool end_array() override {
    --level_;
    SafetensorsEntry& entry = header_.entries.back();
    if (field_ == "shape") {
      for (const uint64_t size : numbers_) {
        if (size > INT64_MAX) reject(here() + " has a size that no tensor can have");
        entry.shape.push_back(static_cast<int64_t>(size));
      }
    } else {
      if (numbers_.size() != 2) reject(here() + " needs two data_offsets");
      entry.begin = numbers_[0];
      entry.end = numbers_[1];
    }
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { unexpected("a number that is not an integer"); }
  bool binary(binary_t&) override { unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    reject(fmt::format("its header is not JSON (at byte {})", position));
  }

 private:
  std::string here() const { return in_metadata_ ? "the metadata" : "tensor " + shown(name_); }

  [[noreturn]] void unexpected(const char* found) const {
    reject((level_ == 0 ? "the header" : here()) + " has an unexpected value: " + found);
  }

  void check_field() {
    if (field_ != "dtype" && field_ != "shape" && field_ != "data_offsets")
      reject(here() + " has the unknown field " + shown(field_));
    if (!fields_.insert(field_).second) reject(here() + " has the field " + field_ + " twice");
  }

  SafetensorsHeader header_;
  int level_ = 0;  // 1: names, 2: fields of a name, 3: numbers of a field
  bool in_metadata_ = false;
  std::string name_, field_;
  std::set<std::string> names_, fields_;
  std::vector<uint64_t> numbers_;
};

// Bytes of the data. Sizes of 0 do not excuse the others: strides are computed from them.
uint64_t size_of(const SafetensorsEntry& entry) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(entry.type));
  bool is_empty = false;
  for (const int64_t size : entry.shape) {
    is_empty = is_empty || size == 0;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes))
      reject("tensor " + shown(entry.name) + " has a shape that no memory can hold");
  }
  return is_empty ? 0 : static_cast<uint64_t>(bytes);
}

}  // namespace

void place_safetensors(std::vector<SafetensorsEntry>& entries) {
  for (const SafetensorsEntry& entry : entries)
    if (rank(entry.type) == kStoredTypes.size())
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("tensor {} has the type {}, which safetensors files cannot hold; convert it first",
                              shown(entry.name), c10::toString(entry.type)));
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::make_tuple(rank(a.type), std::string_view(a.name)) <
           std::make_tuple(rank(b.type), std::string_view(b.name));
  });
  uint64_t offset = 0;
  for (SafetensorsEntry& entry : entries) {
    entry.begin = offset;
    entry.end = offset += size_of(entry);
  }
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  Json json = Json::object();
  if (!header.metadata.empty()) json[std::string(kMetadataKey)] = header.metadata;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.name == kMetadataKey)
      throw Error(ErrorCode::kContractViolation, "a tensor may not be named '__metadata__'; choose another name");
    json[entry.name] = {{"dtype", kStoredTypes[rank(entry.type)].name},
                        {"shape", entry.shape},
                        {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text;
  try {
    text = json.dump();
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kContractViolation, "names of tensors and metadata must be UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kLongestSafetensorsHeader)
    throw Error(ErrorCode::kContractViolation,
                fmt::format("a header of {} bytes is longer than the {} that readers accept; store fewer tensors",
                            text.size(), kLongestSafetensorsHeader));
  return text;
}

SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_size) {
  if (!text.starts_with('{')) reject("its header does not start with '{'");
  if (text.find('\0') != std::string_view::npos) reject("its header is not text");
  HeaderReader reader;
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  SafetensorsHeader header = reader.take();
  std::sort(header.entries.begin(), header.entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  uint64_t offset = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.begin != offset)
      reject(fmt::format("tensor {} starts at byte {}, expected byte {}", shown(entry.name), entry.begin, offset));
    const uint64_t size = size_of(entry);
    if (entry.end < entry.begin || entry.end - entry.begin != size)
      reject(fmt::format("tensor {} has offsets {} to {}, but type and shape need {} bytes", shown(entry.name),
                         entry.begin, entry.end, size));
    offset = entry.end;
  }
  if (offset != data_size) reject(fmt::format("its tensors need {} bytes of data, the file has {}", offset, data_size));
  return header;
}

}  // namespace dha
