#include <algorithm>
#include <array>
#include <cstdio>
#include <unordered_map>
#include <utility>

#include "cifar/pickle.hpp"
#include "dha/error.hpp"

namespace dha::datasets {

namespace {

using Kind = PickleValue::Kind;

// Ten times as many as the largest published file has.
constexpr int64_t kMostInstructions = 2'000'000;
constexpr size_t kMostNameBytes = 100;
constexpr size_t kMostArguments = 10, kMostDimensions = 2;

// The names that a pickle with an array of bytes contains.
enum Name : int64_t { kReconstruct, kFromBuffer, kArrayClass, kTypeClass, kEncode };

struct KnownName {
  std::string_view module, name;
  Name meaning;
};

// numpy renamed its `core` in version 2. Bytes are an encoded text where Python 3 wrote protocol 2.
constexpr KnownName kNames[] = {{"numpy.core.multiarray", "_reconstruct", kReconstruct},
                                {"numpy._core.multiarray", "_reconstruct", kReconstruct},
                                {"numpy.core.numeric", "_frombuffer", kFromBuffer},
                                {"numpy._core.numeric", "_frombuffer", kFromBuffer},
                                {"numpy", "ndarray", kArrayClass},
                                {"numpy", "dtype", kTypeClass},
                                {"_codecs", "encode", kEncode}};

std::string hexadecimal(uint64_t byte) {
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "0x%02x", static_cast<unsigned>(byte));
  return text.data();
}

// For messages: what is not a printable ASCII character becomes "?".
std::string shown(std::string_view text) {
  std::string result(text.substr(0, kMostNameBytes));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return result;
}

class PickleMachine {
 public:
  PickleMachine(std::string_view program, const std::filesystem::path& path) : program_(program), path_(path) {}

  PickleValues run() {
    if (program_.empty() || static_cast<uint8_t>(program_.front()) != 0x80)
      refuse("it does not start like a pickle of protocol 2 to 5");
    while (step()) {
    }
    result_.root = pop();
    if (position_ != program_.size()) refuse("the file continues after its end");
    return std::move(result_);
  }

 private:
  bool step();
  void step_with_text(uint64_t instruction);
  void step_with_container(uint64_t instruction);

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorCode::kData, path_.string() + " cannot be read: " + what + " (at byte " +
                                      std::to_string(instruction_at_) + "); unpack the archive again");
  }
  std::string_view read(uint64_t count);
  uint64_t read_unsigned(int bytes);
  std::string_view read_line();

  PickleValue& at(uint32_t number) { return result_.values[number]; }
  PickleValue& push(Kind kind);
  void push_integer(int64_t integer, Kind kind = Kind::kInteger) { push(kind).integer = integer; }
  void push_text(std::string_view text) { push(Kind::kText).text = text; }
  void push_items(Kind kind, std::vector<uint32_t> items) { push(kind).items = std::move(items); }
  void push_name(std::string_view module, std::string_view name);
  size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }
  uint32_t top() const;
  uint32_t pop();
  uint32_t pop(Kind kind);
  std::vector<uint32_t> pop_some(size_t count);
  std::vector<uint32_t> pop_to_mark();
  void append(Kind kind, const std::vector<uint32_t>& items);

  void call();
  void build();
  std::vector<uint32_t> pop_arguments();
  void encode(std::string_view text);
  void fill(uint32_t array, uint32_t shape, uint32_t type, uint32_t elements);
  bool has_kinds(const std::vector<uint32_t>& items, std::initializer_list<Kind> kinds);
  [[noreturn]] void refuse_array() const { refuse("it has an array that is not rebuilt as numpy does"); }

  std::string_view program_;
  const std::filesystem::path& path_;
  size_t position_ = 0, instruction_at_ = 0, encoded_bytes_ = 0;
  int64_t instructions_ = 0;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;  // sizes of the stack
  std::unordered_map<uint64_t, uint32_t> memo_;
  PickleValues result_;
};

std::string_view PickleMachine::read(uint64_t count) {
  if (count > program_.size() - position_)
    refuse("the file ends inside an instruction, which needs " + std::to_string(count) + " bytes where " +
           std::to_string(program_.size() - position_) + " are left");
  const std::string_view bytes = program_.substr(position_, count);
  position_ += count;
  return bytes;
}

uint64_t PickleMachine::read_unsigned(int bytes) {
  uint64_t value = 0;
  int shift = 0;
  for (const char byte : read(static_cast<uint64_t>(bytes))) {
    value |= uint64_t{static_cast<uint8_t>(byte)} << shift;
    shift += 8;
  }
  return value;
}

std::string_view PickleMachine::read_line() {
  const size_t length = program_.substr(position_, kMostNameBytes + 1).find('\n');
  if (length == std::string_view::npos) refuse("it has a name without an end");
  const std::string_view line = read(length);
  read(1);
  return line;
}

PickleValue& PickleMachine::push(Kind kind) {
  stack_.push_back(static_cast<uint32_t>(result_.values.size()));
  PickleValue& value = result_.values.emplace_back();
  value.kind = kind;
  return value;
}

void PickleMachine::push_name(std::string_view module, std::string_view name) {
  const auto known = std::find_if(std::begin(kNames), std::end(kNames), [&](const KnownName& candidate) {
    return candidate.module == module && candidate.name == name;
  });
  if (known == std::end(kNames))
    refuse("it refers to '" + shown(module) + "." + shown(name) +
           "', which no file of CIFAR does and which is not called");
  push_integer(known->meaning, Kind::kName);
}

uint32_t PickleMachine::top() const {
  if (stack_.size() <= bottom()) refuse("an instruction lacks its operand");
  return stack_.back();
}

uint32_t PickleMachine::pop() {
  const uint32_t number = top();
  stack_.pop_back();
  return number;
}

uint32_t PickleMachine::pop(Kind kind) {
  const uint32_t number = pop();
  if (at(number).kind != kind) refuse("an instruction has an operand of the wrong kind");
  return number;
}

std::vector<uint32_t> PickleMachine::pop_some(size_t count) {
  if (stack_.size() - bottom() < count) refuse("an instruction lacks its operands");
  std::vector<uint32_t> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return items;
}

std::vector<uint32_t> PickleMachine::pop_to_mark() {
  if (marks_.empty()) refuse("an instruction lacks its mark");
  std::vector<uint32_t> items = pop_some(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

void PickleMachine::append(Kind kind, const std::vector<uint32_t>& items) {
  PickleValue& container = at(top());
  if (container.kind != kind || (kind == Kind::kDictionary && items.size() % 2 != 0))
    refuse("values are added to something else than a list or a dictionary");
  container.items.insert(container.items.end(), items.begin(), items.end());
}

bool PickleMachine::has_kinds(const std::vector<uint32_t>& items, std::initializer_list<Kind> kinds) {
  return std::equal(items.begin(), items.end(), kinds.begin(), kinds.end(),
                    [this](uint32_t item, Kind kind) { return at(item).kind == kind; });
}

// A copy, so that it outlives what is pushed; of few values, so that one tuple cannot be copied again and again.
std::vector<uint32_t> PickleMachine::pop_arguments() {
  const std::vector<uint32_t>& items = at(pop(Kind::kTuple)).items;
  if (items.size() > kMostArguments) refuse_array();
  return items;
}

// What REDUCE stands for: the value that a call of a known name would have.
void PickleMachine::call() {
  const std::vector<uint32_t> arguments = pop_arguments();
  switch (at(pop(Kind::kName)).integer) {
    case kReconstruct:
      if (!has_kinds(arguments, {Kind::kName, Kind::kTuple, Kind::kText}) || at(arguments[0]).integer != kArrayClass)
        refuse_array();
      push(Kind::kArray);
      return;
    case kFromBuffer: {
      if (!has_kinds(arguments, {Kind::kText, Kind::kType, Kind::kTuple, Kind::kText}) || at(arguments[3]).text != "C")
        refuse_array();
      push(Kind::kArray);
      fill(top(), arguments[2], arguments[1], arguments[0]);
      return;
    }
    case kTypeClass:
      if (arguments.empty() || at(arguments[0]).kind != Kind::kText) refuse_array();
      if (at(arguments[0]).text != "u1")
        refuse("it has an array of elements of type '" + shown(at(arguments[0]).text) + "', expected 'u1', bytes");
      push(Kind::kType);
      return;
    case kEncode:
      if (!has_kinds(arguments, {Kind::kText, Kind::kText}) || at(arguments[1]).text != "latin1")
        refuse("it has a text in an unknown encoding");
      encode(at(arguments[0]).text);
      return;
    default:
      refuse_array();
  }
}

// The bytes whose values are the code points of a text in UTF-8.
void PickleMachine::encode(std::string_view text) {
  encoded_bytes_ += text.size();
  if (encoded_bytes_ > program_.size()) refuse("it encodes one text several times");
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<uint8_t>(text[i]);
    if (first < 0x80) {
      bytes += text[i];
      continue;
    }
    const uint8_t second = i + 1 < text.size() ? static_cast<uint8_t>(text[++i]) : 0;
    if ((first != 0xc2 && first != 0xc3) || second < 0x80 || second > 0xbf) refuse("it has bytes that are no text");
    bytes += static_cast<char>((first & 0x03) << 6 | (second & 0x3f));
  }
  push_text(result_.texts.emplace_back(std::move(bytes)));
}

// What BUILD stands for: the state of an array or of its type.
void PickleMachine::build() {
  const std::vector<uint32_t> state = pop_arguments();
  const uint32_t target = top();
  if (at(target).kind == Kind::kType) return;  // byte order and alignment mean nothing to bytes
  if (at(target).kind != Kind::kArray || !at(target).items.empty() ||
      !has_kinds(state, {Kind::kInteger, Kind::kTuple, Kind::kType, Kind::kBoolean, Kind::kText}))
    refuse_array();
  if (at(state[3]).integer != 0) refuse("it has an array that is stored column by column, expected rows");
  fill(target, state[1], state[2], state[4]);
}

void PickleMachine::fill(uint32_t array, uint32_t shape, uint32_t type, uint32_t elements) {
  const std::vector<uint32_t>& lengths = at(shape).items;
  const std::string_view bytes = at(elements).text;
  if (lengths.empty() || lengths.size() > kMostDimensions || at(type).kind != Kind::kType) refuse_array();
  uint64_t count = 1;
  for (const uint32_t length : lengths) {
    if (at(length).kind != Kind::kInteger || at(length).integer < 0) refuse_array();
    const auto factor = static_cast<uint64_t>(at(length).integer);
    count = factor == 0 || count <= bytes.size() / factor ? count * factor : bytes.size() + 1;
  }
  if (count != bytes.size())
    refuse("it has an array of " + std::to_string(bytes.size()) + " bytes, which is not what its shape says");
  at(array).items = lengths;
  at(array).text = bytes;
}

// One instruction. Returns false at the last.
bool PickleMachine::step() {
  instruction_at_ = position_;
  if (++instructions_ > kMostInstructions) refuse("it has more than " + std::to_string(kMostInstructions) + " steps");
  const uint64_t instruction = read_unsigned(1);
  switch (instruction) {
    case '.':
      return false;
    case 0x80:  // PROTO
      if (const uint64_t protocol = read_unsigned(1); protocol < 2 || protocol > 5)
        refuse("it is of protocol " + std::to_string(protocol) + ", and protocols 2 to 5 are read");
      break;
    case 0x95:  // FRAME
      read(8);
      break;
    case 'N':
      push(Kind::kNone);
      break;
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      push_integer(instruction == 0x88 ? 1 : 0, Kind::kBoolean);
      break;
    case 'K':  // BININT1
    case 'M':  // BININT2
      push_integer(static_cast<int64_t>(read_unsigned(instruction == 'K' ? 1 : 2)));
      break;
    case 'J':  // BININT
      push_integer(static_cast<int32_t>(read_unsigned(4)));
      break;
    case 'R':
      call();
      break;
    case 'b':
      build();
      break;
    case 'c': {  // GLOBAL
      const std::string_view module = read_line();
      push_name(module, read_line());
      break;
    }
    case 0x93: {  // STACK_GLOBAL
      const std::string_view name = at(pop(Kind::kText)).text;
      push_name(at(pop(Kind::kText)).text, name);
      break;
    }
    default:
      step_with_text(instruction);
  }
  return true;
}

// Texts, and what the memo keeps.
void PickleMachine::step_with_text(uint64_t instruction) {
  switch (instruction) {
    case 'U':   // SHORT_BINSTRING
    case 'C':   // SHORT_BINBYTES
    case 0x8c:  // SHORT_BINUNICODE
      push_text(read(read_unsigned(1)));
      break;
    case 'T':  // BINSTRING
    case 'B':  // BINBYTES
    case 'X':  // BINUNICODE
      push_text(read(read_unsigned(4)));
      break;
    case 0x8d:  // BINUNICODE8
    case 0x8e:  // BINBYTES8
    case 0x96:  // BYTEARRAY8
      push_text(read(read_unsigned(8)));
      break;
    case 'q':  // BINPUT
    case 'r':  // LONG_BINPUT
      memo_[read_unsigned(instruction == 'q' ? 1 : 4)] = top();
      break;
    case 0x94:  // MEMOIZE
      memo_.emplace(memo_.size(), top());
      break;
    case 'h':    // BINGET
    case 'j': {  // LONG_BINGET
      const auto kept = memo_.find(read_unsigned(instruction == 'h' ? 1 : 4));
      if (kept == memo_.end()) refuse("an instruction refers to a value that is not there");
      stack_.push_back(kept->second);
      break;
    }
    default:
      step_with_container(instruction);
  }
}

void PickleMachine::step_with_container(uint64_t instruction) {
  switch (instruction) {
    case '(':
      marks_.push_back(stack_.size());
      break;
    case '}':
      push(Kind::kDictionary);
      break;
    case ']':
      push(Kind::kList);
      break;
    case ')':
      push(Kind::kTuple);
      break;
    case 't':
      push_items(Kind::kTuple, pop_to_mark());
      break;
    case 0x85:  // TUPLE1
    case 0x86:  // TUPLE2
    case 0x87:  // TUPLE3
      push_items(Kind::kTuple, pop_some(instruction - 0x84));
      break;
    case 'a':
      append(Kind::kList, pop_some(1));
      break;
    case 'e':
      append(Kind::kList, pop_to_mark());
      break;
    case 's':
      append(Kind::kDictionary, pop_some(2));
      break;
    case 'u':
      append(Kind::kDictionary, pop_to_mark());
      break;
    default:
      refuse("it has the instruction " + hexadecimal(instruction) + ", which no file of CIFAR has");
  }
}

}  // namespace

PickleValues run_pickle(std::string_view program, const std::filesystem::path& path) {
  return PickleMachine(program, path).run();
}

}  // namespace dha::datasets
