// Checkpoints: what comes back, which one is taken, and what happens to damaged ones.
#include "storage/checkpoint_store.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "dha/error.hpp"
#include "report/console.hpp"
#include "report/log.hpp"
#include "storage/atomic_file.hpp"
#include "storage/safetensors.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"

namespace fs = std::filesystem;
using dha::FoundCheckpoint;
using dha::State;

namespace {

struct Folder {
  dha::test::TemporaryDirectory directory;
  std::FILE* out = std::fopen((directory.path() / "console.txt").c_str(), "w");
  dha::Console console{out};
  dha::Log log{console};

  ~Folder() { std::fclose(out); }
  fs::path file(const std::string& name) const { return directory.path() / (name + ".safetensors"); }
  std::string said() const { return dha::read_file(directory.path() / "console.txt"); }
  std::optional<FoundCheckpoint> latest(std::string_view stage = "") {
    return dha::latest_good_checkpoint(
        directory.path(), [this](const std::string& text) { log.write(dha::LogLevel::kWarning, "checkpoint", text); },
        stage);
  }
};

State state_of(int64_t value) {
  return {{{"weights", at::full({2, 3}, value, at::kFloat)}, {"codes", at::arange(value, at::kDouble)}},
          "{\"value\": " + std::to_string(value) + "}"};
}

// Turns one bit of the last byte, which belongs to a tensor.
void damage(const fs::path& file) {
  std::string bytes = dha::read_file(file);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint_store, Folder)

BOOST_AUTO_TEST_CASE(a_state_comes_back_as_it_was) {
  State state = state_of(3);
  state.tensors["half"] = at::full({2}, 0.5, at::kHalf);
  state.tensors["empty"] = at::full({0, 4}, 0, at::kLong);
  state.tensors["turned"] = at::arange(6, at::kFloat).view({2, 3}).t();
  dha::save_checkpoint(file("search-0001"), state);
  const State loaded = dha::load_checkpoint(file("search-0001"));
  BOOST_TEST(loaded.json == state.json);
  BOOST_REQUIRE(loaded.tensors.size() == state.tensors.size());
  for (const auto& [name, tensor] : state.tensors) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST((loaded.tensors.at(name).scalar_type() == tensor.scalar_type()));
      BOOST_TEST(loaded.tensors.at(name).equal(tensor));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_one_saved_last_is_taken) {
  BOOST_TEST(!latest());
  dha::save_checkpoint(file("search-0002"), state_of(2));
  dha::save_checkpoint(file("final-0001"), state_of(5));
  dha::save_checkpoint(file("search-0001"), state_of(1));
  BOOST_TEST(latest()->state.json == state_of(1).json);
  BOOST_TEST(latest("final")->state.json == state_of(5).json);
  BOOST_TEST(latest("final")->epoch == 1);
  BOOST_TEST(!latest("other"));
}

BOOST_AUTO_TEST_CASE(a_damaged_one_is_told_and_the_one_before_taken) {
  dha::save_checkpoint(file("search-0001"), state_of(1));
  dha::save_checkpoint(file("search-0002"), state_of(2));
  damage(file("search-0002"));
  BOOST_TEST(latest()->state.json == state_of(1).json);
  BOOST_TEST(said().find("'" + file("search-0002").string() + "' is damaged") != std::string::npos, said());
  fs::resize_file(file("search-0001"), 40);
  BOOST_TEST(!latest());
}

BOOST_AUTO_TEST_CASE(other_files_and_formats_are_refused_by_name) {
  const auto save = [&](const std::string& format) {
    dha::save_safetensors(file("x-0001"), {{}, {{"format", format}, {"json", "{}"}, {"sequence", "0"}}});
  };
  const auto names_the_format = [](const dha::Error& error) {
    return error.code() == dha::ErrorCode::kData && std::string(error.what()).find("999") != std::string::npos;
  };
  save("dha.checkpoint/999");
  BOOST_CHECK_EXCEPTION(dha::load_checkpoint(file("x-0001")), dha::Error, names_the_format);
  BOOST_CHECK_EXCEPTION(latest(), dha::Error, names_the_format);  // to begin anew would lose it
  save("weights");
  BOOST_CHECK_EXCEPTION(dha::load_checkpoint(file("x-0001")), dha::Error, [](const dha::Error& error) {
    return std::string(error.what()).find("not a checkpoint") != std::string::npos;
  });
  BOOST_TEST(!latest());
}

BOOST_AUTO_TEST_CASE(the_last_of_each_stage_stay) {
  for (const char* name : {"search-0001", "search-0002", "search-0003", "final-0001"})
    dha::save_checkpoint(file(name), state_of(1));
  dha::remove_old_checkpoints(directory.path(), 2);
  BOOST_TEST(!fs::exists(file("search-0001")));
  BOOST_TEST(fs::exists(file("search-0002")));
  BOOST_TEST(fs::exists(file("search-0003")));
  BOOST_TEST(fs::exists(file("final-0001")));
}

BOOST_AUTO_TEST_CASE(one_within_an_epoch_stands_beside_that_of_its_end) {
  dha::save_checkpoint(file("search-0001"), state_of(1));
  dha::save_checkpoint(file("search-0001.000010"), state_of(10));
  dha::save_checkpoint(file("search-0001.000020"), state_of(20));
  BOOST_TEST(latest()->state.json == state_of(20).json);
  dha::remove_old_checkpoints(directory.path(), 2);
  BOOST_TEST(!fs::exists(file("search-0001")));
  BOOST_TEST(fs::exists(file("search-0001.000010")));
}

BOOST_AUTO_TEST_CASE(a_damaged_one_goes_first) {
  for (const char* name : {"search-0001", "search-0002", "search-0003"}) dha::save_checkpoint(file(name), state_of(1));
  std::ofstream(file("search-0003"), std::ios::trunc) << "x";
  dha::remove_old_checkpoints(directory.path(), 2);
  BOOST_TEST(fs::exists(file("search-0001")));
  BOOST_TEST(fs::exists(file("search-0002")));
  BOOST_TEST(!fs::exists(file("search-0003")));
}

BOOST_AUTO_TEST_CASE(the_best_stays_and_is_none_to_continue_from) {
  const fs::path best = dha::best_checkpoint(directory.path(), "search");
  BOOST_TEST(best == file("search-best"));
  for (int64_t epoch = 1; epoch <= 4; ++epoch) {
    const fs::path checkpoint = file("search-000" + std::to_string(epoch));
    dha::save_checkpoint(checkpoint, state_of(epoch));
    if (epoch <= 2) dha::keep_as_best(checkpoint, "search");
    dha::remove_old_checkpoints(directory.path(), 1);
  }
  BOOST_TEST(!fs::exists(file("search-0002")));
  BOOST_TEST(dha::load_checkpoint(best).json == state_of(2).json);
  BOOST_TEST(latest()->state.json == state_of(4).json);
  BOOST_TEST(dha::checkpoints_of(directory.path(), "search").size() == 2U);
  fs::remove(file("search-0004"));
  BOOST_TEST(!latest());
}

BOOST_AUTO_TEST_CASE(the_best_is_another_name_of_the_same_file) {
  dha::save_checkpoint(file("final-0001"), state_of(1));
  for (int i = 0; i < 2; ++i) dha::keep_as_best(file("final-0001"), "final");
  BOOST_TEST(fs::equivalent(file("final-0001"), file("final-best")));
  dha::save_checkpoint(file("final-0001"), state_of(2));  // as a resumed run writes it again
  BOOST_TEST(dha::load_checkpoint(file("final-best")).json == state_of(1).json);
  dha::keep_as_best(file("final-0001"), "final");
  BOOST_TEST(dha::load_checkpoint(file("final-best")).json == state_of(2).json);
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(directory.path())) files += entry.path().extension() != ".txt";
  BOOST_TEST(files == 2U);  // no temporary one is left
}

BOOST_AUTO_TEST_CASE(what_a_file_cannot_hold_is_refused) {
  State state = state_of(1);
  state.tensors["nothing"] = at::Tensor();
  BOOST_CHECK_THROW(dha::save_checkpoint(file("search-0001"), state), dha::Error);
  BOOST_TEST(!fs::exists(file("search-0001")));
}

BOOST_AUTO_TEST_SUITE_END()
