// The safetensors format: against the reference library in both directions, and against files that lie.
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/counter_random.hpp"
#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/safetensors.hpp"
#include "storage/safetensors_header.hpp"
#include "support/paths.hpp"

namespace fs = std::filesystem;
using dha::SafetensorsFile;
using dha::test::TemporaryDirectory;

namespace {

fs::path golden(const char* name) { return dha::test::source_dir() / "tests/golden/safetensors" / name; }
fs::path python() { return dha::test::source_dir() / ".venv/bin/python"; }

// What make_golden.py writes.
SafetensorsFile reference() {
  SafetensorsFile file;
  const at::Tensor numbers = at::arange(6).reshape({2, 3});
  const std::map<std::string, at::ScalarType> types = {
      {"float64", at::kDouble}, {"float32", at::kFloat}, {"float16", at::kHalf},  {"bfloat16", at::kBFloat16},
      {"int64", at::kLong},     {"int32", at::kInt},     {"int16", at::kShort},   {"int8", at::kChar},
      {"uint8", at::kByte},     {"uint16", at::kUInt16}, {"uint32", at::kUInt32}, {"uint64", at::kUInt64}};
  for (const auto& [name, type] : types) file.tensors[name] = numbers.to(type);
  file.tensors["bool"] = at::tensor({1, 0, 1}).to(at::kBool);
  file.tensors["signed"] = at::tensor({-1.5f, std::numeric_limits<float>::infinity(), 1e-40f});
  file.tensors["scalar"] = at::tensor(0.5, at::kDouble).reshape({});
  file.tensors["empty"] = at::zeros({0, 4});
  file.tensors["na\u00efve \"name\"\\\n"] = at::tensor({7}, at::kLong);
  file.metadata["made \t by"] = "safetensors \u00e9\x7f/";
  return file;
}

void check_same(const SafetensorsFile& found, const SafetensorsFile& expected) {
  BOOST_TEST((found.metadata == expected.metadata));
  BOOST_TEST(found.tensors.size() == expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_REQUIRE(found.tensors.contains(name));
      const at::Tensor& other = found.tensors.at(name);
      BOOST_TEST((other.scalar_type() == tensor.scalar_type()));
      BOOST_TEST(other.sizes() == tensor.sizes());
      BOOST_TEST(other.is_contiguous());
      const at::Tensor bytes = tensor.contiguous();
      BOOST_TEST(
          (bytes.nbytes() == 0 || std::memcmp(other.const_data_ptr(), bytes.const_data_ptr(), bytes.nbytes()) == 0));
    }
  }
}

std::string file_of(const std::string& header, size_t data_size = 0) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + std::string(data_size, '\0');
}

boost::test_tools::assertion_result has_python_library(boost::unit_test::test_unit_id) {
  const std::string command = "'" + python().string() + "' -c 'import safetensors' > /dev/null 2>&1";
  boost::test_tools::assertion_result result(std::system(command.c_str()) == 0);
  result.message() << ".venv has no safetensors; install it with .venv/bin/pip install safetensors";
  return result;
}

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string text;
  for (int byte; (byte = std::fgetc(pipe)) != EOF;) text += static_cast<char>(byte);
  BOOST_REQUIRE(pclose(pipe) == 0);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(the_reference_librarys_file_is_read) {
  check_same(dha::load_safetensors(golden("reference.safetensors")), reference());
  BOOST_TEST((dha::load_safetensors_metadata(golden("reference.safetensors")) == reference().metadata));
}

BOOST_AUTO_TEST_CASE(the_same_content_gives_the_reference_librarys_bytes) {
  const TemporaryDirectory folder;
  dha::save_safetensors(folder.path() / "ours.safetensors", reference());
  BOOST_TEST((dha::read_file(folder.path() / "ours.safetensors") == dha::read_file(golden("reference.safetensors"))));
}

BOOST_AUTO_TEST_CASE(the_reference_library_reads_ours, *boost::unit_test::precondition(has_python_library)) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "ours.safetensors";
  dha::save_safetensors(file, {{{"weights", at::arange(6).to(at::kHalf).reshape({2, 3}).t()},
                                {"flags", at::tensor({0, 1}).to(at::kBool)},
                                {"step", at::tensor(-2, at::kLong).reshape({})}},
                               {{"b", "2"}, {"a", "1"}}});
  const auto json = nlohmann::json::parse(
      output_of("'" + python().string() + "' '" + golden("dump.py").string() + "' '" + file.string() + "'"));
  // The weights are 0, 3, 1, 4, 2, 5 as halves.
  BOOST_TEST(json == nlohmann::json::parse(R"({"weights": ["F16", [3, 2], "00000042003c004400400045"],
                                               "flags": ["BOOL", [2], "0001"],
                                               "step": ["I64", [], "feffffffffffffff"]})"));
}

BOOST_AUTO_TEST_CASE(strides_and_conjugates_are_resolved_and_nothing_is_valid_too) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "x.safetensors";
  SafetensorsFile content;
  content.tensors["slice"] = at::arange(20).reshape({4, 5}).slice(1, 1, 5, 2);
  content.tensors["wide"] = at::tensor({1.0f, 2.0f}).reshape({1, 2}).expand({3, 2});
  dha::save_safetensors(file, content);
  check_same(dha::load_safetensors(file), content);
  dha::save_safetensors(file, {});
  BOOST_TEST(dha::read_file(file) == file_of("{}      "));
  check_same(dha::load_safetensors(file), {});
}

BOOST_AUTO_TEST_CASE(what_the_format_cannot_hold_is_refused_before_anything_is_written) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "x.safetensors";
  const at::Tensor one = at::zeros({1});
  const SafetensorsFile refused[] = {{{{"undefined", at::Tensor()}}, {}},
                                     {{{"complex", one.to(at::kComplexDouble)}}, {}},
                                     {{{"__metadata__", one}}, {}},
                                     {{{"not utf-8 \xff", one}}, {}},
                                     {{}, {{"key", "\xff"}}}};
  for (const SafetensorsFile& content : refused)
    BOOST_CHECK_EXCEPTION(dha::save_safetensors(file, content), dha::Error,
                          [](const dha::Error& error) { return error.code() == dha::ErrorCode::kContractViolation; });
  BOOST_TEST(fs::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(hostile_headers_are_refused) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "hostile.safetensors";
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  const std::string good = R"("dtype":"U8","shape":[1],"data_offsets":[0,1])";
  std::string ones = "1";
  for (int i = 0; i < 64; ++i) ones += ",1";
  const std::string headers[] = {
      "",
      "[]",
      "3",
      " {}",
      "{",
      "{}x",
      std::string("{}\0", 3),
      "{\"t\":{}}",
      "{\"t\":1}",
      "{\"t\":[1]}",
      "{\"t\":null}",
      "\xef\xbb\xbf{}",
      "{\"\xff\":{" + good + "}}",
      entry("\"U8\"", "[1]", "[0,2]"),
      entry("\"U8\"", "[1]", "[1,2]"),
      entry("\"U8\"", "[1]", "[1,0]"),
      entry("\"U8\"", "[1]", "[0]"),
      entry("\"U8\"", "[1]", "[0,1,1]"),
      entry("\"U8\"", "[-1]", "[0,1]"),
      entry("\"U8\"", "[1.0]", "[0,1]"),
      entry("\"U8\"", "[1e0]", "[0,1]"),
      entry("\"U8\"", "[[1]]", "[0,1]"),
      entry("\"U8\"", "1", "[0,1]"),
      entry("\"u8\"", "[1]", "[0,1]"),
      entry("8", "[1]", "[0,1]"),
      entry("[\"U8\"]", "[1]", "[0,1]"),
      entry("\"F32\"", "[1]", "[0,1]"),
      entry("\"U8\"", "[18446744073709551615]", "[0,1]"),
      entry("\"U8\"", "[18446744073709551616]", "[0,1]"),
      entry("\"U8\"", "[4294967296,4294967296]", "[0,0]"),
      entry("\"F64\"", "[2305843009213693952]", "[0,0]"),
      entry("\"U8\"", "[0,9223372036854775807,9223372036854775807]", "[0,0]"),
      entry("\"U8\"", "[1]", "[18446744073709551615,0]"),
      entry("\"U8\"", "[" + ones + "]", "[0,1]"),
      "{\"t\":{" + good + ",\"extra\":\"x\"}}",
      "{\"t\":{" + good + ",\"dtype\":\"U8\"}}",
      "{\"t\":{" + good + "},\"t\":{" + good + "}}",  // one name twice
      "{\"t\":{" + good + "},\"s\":{" + good + "}}",  // overlap
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
      "{\"__metadata__\":{\"a\":1}}",
      "{\"__metadata__\":\"x\"}",
      "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}",
      "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}",
      "{\"__metadata__\":{},\"__metadata__\":{}}",
      std::string(1'000'000, '['),
      "{\"t\":" + std::string(1'000'000, '{'),
      "{\"t\":{\"shape\":" + std::string(1'000'000, '[')};
  for (const std::string& header : headers) {
    BOOST_TEST_CONTEXT(header.substr(0, 120)) {
      dha::write_file_atomically(file, file_of(header, 1));
      BOOST_CHECK_EXCEPTION(dha::load_safetensors(file), dha::Error, [&](const dha::Error& error) {
        return error.code() == dha::ErrorCode::kData &&
               std::string(error.what()).find(file.string()) != std::string::npos;
      });
    }
  }
  dha::write_file_atomically(file, file_of("{\"t\":{" + good + "}}", 1));  // the one that they vary is good
  BOOST_TEST(dha::load_safetensors(file).tensors.at("t").item<int>() == 0);
}

BOOST_AUTO_TEST_CASE(lengths_that_lie_are_refused) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "hostile.safetensors";
  for (const uint64_t length : {uint64_t{0}, uint64_t{1}, uint64_t{3}, uint64_t{100'000'001}, uint64_t{1} << 63,
                                std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max() - 7}) {
    dha::write_file_atomically(file, std::string(reinterpret_cast<const char*>(&length), sizeof length) + "{}");
    BOOST_CHECK_THROW(dha::load_safetensors(file), dha::Error);
  }
  BOOST_CHECK_EXCEPTION(dha::load_safetensors(folder.path()), dha::Error,
                        [](const dha::Error& error) { return error.code() == dha::ErrorCode::kIo; });
}

BOOST_AUTO_TEST_CASE(booleans_are_zero_or_one) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "hostile.safetensors";
  std::string bytes = file_of(R"({"t":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", 2);
  bytes.back() = 2;
  dha::write_file_atomically(file, bytes);
  BOOST_CHECK_THROW(dha::load_safetensors(file), dha::Error);
}

BOOST_AUTO_TEST_CASE(no_change_of_a_header_does_more_than_throw) {
  const std::string whole = dha::read_file(golden("reference.safetensors"));
  uint64_t length = 0;
  std::memcpy(&length, whole.data(), sizeof length);
  const std::string header = whole.substr(8, length);
  dha::CounterRandom random(1, dha::RandomPurpose::kCrop, 0, 0);
  const std::string pieces = "{}[]\",:0129eE-.\\u__metadata__";
  int refused = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    std::string changed = header;
    for (uint64_t i = random.below(3) + 1; i > 0; --i) {
      const size_t at = random.below(changed.size());
      switch (random.below(4)) {
        case 0:
          changed[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          changed.erase(at, random.below(8));
          break;
        case 2:
          changed.insert(at, changed.substr(random.below(changed.size()), random.below(40)));
          break;
        default:
          changed[at] = pieces[random.below(pieces.size())];
      }
    }
    try {
      const dha::SafetensorsHeader parsed = dha::parse_safetensors_header(changed, whole.size() - 8 - length);
      uint64_t end = 0;
      for (const dha::SafetensorsEntry& entry : parsed.entries) {
        BOOST_REQUIRE_EQUAL(entry.begin, end);
        end = entry.end;
      }
      BOOST_REQUIRE_EQUAL(end, whole.size() - 8 - length);
    } catch (const dha::Error& error) {
      BOOST_REQUIRE((error.code() == dha::ErrorCode::kData));
      ++refused;
    }
  }
  BOOST_TEST(refused > 10'000);
}

BOOST_AUTO_TEST_SUITE_END()
