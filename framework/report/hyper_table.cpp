#include "report/hyper_table.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "dha/error.hpp"

namespace dha {

HyperTable::HyperTable(const std::filesystem::path& file) : file_(std::fopen(file.c_str(), "a")), path_(file) {
  if (!file_) throw Error(ErrorCode::kIo, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  if (std::ftell(file_.get()) == 0 && std::filesystem::file_size(file) == 0) put("stage,epoch,step,name,value\n");
}

void HyperTable::write(const std::string& stage, int64_t epoch, int64_t step, const std::string& name, double value) {
  put(fmt::format("{},{},{},{},{}\n", stage, epoch, step, name, value));
}

void HyperTable::put(const std::string& line) {
  if (std::fputs(line.c_str(), file_.get()) < 0 || std::fflush(file_.get()) != 0)
    throw Error(ErrorCode::kIo, fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno)));
}

}  // namespace dha
