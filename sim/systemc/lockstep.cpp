// lockstep.cpp: the front end of port_sim.c, see lockstep.h.
//
// It is the USB host controller too: a queue of OUT transfers that go into the chip as it has room, and IN transfers that are always queued.
// Both are looked at every kPoll of simulated time, so a packet waits 4 us in the mean, as on a USB.
#include "lockstep.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <sys/socket.h>
#include <vector>

#include "link/board_wire.h"

namespace board {
namespace {

constexpr ps_t kPoll = 8 * kPsPerUs;
constexpr int kLookEvery = 4096;  // polls without an answer, then a look whether the host still lives

bool write_all(int fd, const void *data, size_t n) {
  const char *p = static_cast<const char *>(data);
  while (n) {
    const ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    p += sent, n -= static_cast<size_t>(sent);
  }
  return true;
}

bool read_all(int fd, void *data, size_t n) {
  char *p = static_cast<char *>(data);
  while (n) {
    const ssize_t got = read(fd, p, n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    p += got, n -= static_cast<size_t>(got);
  }
  return true;
}

bool host_gone(int fd) {
  pollfd p = {fd, 0, 0};
  return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

class Server {
 public:
  Server(Board &board, int fd) : board_(board), fd_(fd) {}
  int run();

 private:
  template <class T>
  bool answer(uint32_t type, const T &body, const std::vector<uint8_t> &data = {}) {
    const board_head head = {type, static_cast<uint32_t>(sizeof body + data.size())};
    std::string message(reinterpret_cast<const char *>(&head), sizeof head);
    message.append(reinterpret_cast<const char *>(&body), sizeof body);
    message.append(data.begin(), data.end());
    return write_all(fd_, message.data(), message.size());
  }
  bool hello();
  bool control(const std::vector<uint8_t> &request);
  bool transfer(const std::vector<uint8_t> &request);
  void serve_usb();
  size_t space() const { return BOARD_OUT_QUEUE - out_.size(); }

  Board &board_;
  const int fd_;
  std::deque<uint8_t> out_;
  std::vector<uint8_t> in_ = std::vector<uint8_t>(BOARD_IN_TRANSFER);  // the oldest IN transfer
  int got_ = 0;
  std::vector<std::vector<uint8_t>> done_;
  bool payload_ = false;  // some of what is done holds more than status bytes
};

// What goes over the USB now: OUT packets that the chip takes, IN transfers that it completes.
void Server::serve_usb() {
  Bay &bay = board_.bay;
  const int packet = ftdi_chip_max_packet(bay.chip());
  while (!out_.empty()) {
    uint8_t data[512];
    const int n = std::min<int>(packet, static_cast<int>(out_.size()));
    std::copy_n(out_.begin(), n, data);
    const int taken = ftdi_chip_bulk_out(bay.chip(), bay.endpoint_out(), data, n, bay.now_us());
    out_.erase(out_.begin(), out_.begin() + taken);
    if (taken < n) break;
  }
  while (done_.size() < BOARD_IN_TRANSFERS &&
         ftdi_chip_bulk_in(bay.chip(), bay.endpoint_in(), in_.data(), BOARD_IN_TRANSFER, &got_, bay.now_us())) {
    payload_ |= got_ > 2;
    done_.emplace_back(in_.begin(), in_.begin() + got_);
    got_ = 0;
    if (!payload_) {  // only status: the host keeps such transfers to itself, but line errors in it are told
      const bool error = done_.back().size() > 1 && (done_.back()[1] & 0x1e);
      if (!error) done_.pop_back();
      break;
    }
  }
}

bool Server::hello() {
  Bay &bay = board_.bay;
  board_facts facts = {};
  facts.version = BOARD_VERSION;
  facts.product = ftdi_chip_product(bay.chip());
  facts.max_packet = static_cast<uint32_t>(ftdi_chip_max_packet(bay.chip()));
  facts.channel = static_cast<uint32_t>(bay.channel());
  facts.fifo = kChipFacts.fifo;
  facts.rts_cts = bay.rts_cts();
  facts.baud = kChipFacts.fifo ? 60000000 : board_.baud();
  facts.chip_buffer = static_cast<uint32_t>(ftdi_chip_pin_space(bay.chip(), bay.channel()));
  snprintf(facts.name, sizeof facts.name, "%s", kChipFacts.name);
  return answer(BOARD_HELLO, facts);
}

bool Server::control(const std::vector<uint8_t> &request) {
  board_control c;
  if (request.size() < sizeof c) return false;
  memcpy(&c, request.data(), sizeof c);
  std::vector<uint8_t> data(c.length);
  if (!(c.type & 0x80)) {
    if (request.size() != sizeof c + c.length) return false;
    std::copy(request.begin() + sizeof c, request.end(), data.begin());
  }
  Bay &bay = board_.bay;
  const int result = ftdi_chip_control(bay.chip(), c.type, c.request, c.value, c.index, data.data(), c.length, bay.now_us());
  data.resize((c.type & 0x80) && result > 0 ? static_cast<size_t>(result) : 0);
  return answer(BOARD_CONTROL, board_controlled{result}, data);
}

bool Server::transfer(const std::vector<uint8_t> &request) {
  board_transfer t;
  if (request.size() < sizeof t || request.size() - sizeof t > space()) return false;
  memcpy(&t, request.data(), sizeof t);
  out_.insert(out_.end(), request.begin() + sizeof t, request.end());
  Bay &bay = board_.bay;
  const ps_t begin = now_ps();
  const ps_t due = t.wait_us < kNever / kPsPerUs / 2 ? begin + t.wait_us * kPsPerUs : kNever;
  const bool full = t.want_space && space() == 0;
  for (int polls = 0;; polls++) {
    serve_usb();
    if (payload_ || !done_.empty() || (full && space() > 0) || now_ps() >= due || bay.unplugged()) break;
    if (!bay.failure().empty()) return false;
    if (polls % kLookEvery == kLookEvery - 1 && host_gone(fd_)) return false;
    bay.advance(std::min<ps_t>(kPoll, due - now_ps()));
  }
  board_transferred answer_to = {now_ps() / kPsPerUs, static_cast<uint32_t>(space()), 0, bay.unplugged()};
  std::vector<uint8_t> data;
  if (!bay.unplugged())
    for (const std::vector<uint8_t> &in : done_) {
      const uint32_t n = static_cast<uint32_t>(in.size());
      const uint8_t *p = reinterpret_cast<const uint8_t *>(&n);
      data.insert(data.end(), p, p + sizeof n);
      data.insert(data.end(), in.begin(), in.end());
      answer_to.transfers++;
    }
  done_.clear();
  payload_ = false;
  return answer(BOARD_TRANSFER, answer_to, data);
}

int Server::run() {
  board_.bay.advance(kPoll);  // power and reset, before anybody opens it
  for (;;) {
    board_head head;
    if (!read_all(fd_, &head, sizeof head)) return 0;  // the host has gone
    if (head.size > BOARD_DATA_MAX) return 1;
    std::vector<uint8_t> request(head.size);
    if (!read_all(fd_, request.data(), request.size())) return 0;
    bool ok = false;
    if (head.type == BOARD_HELLO) ok = hello();
    else if (head.type == BOARD_CONTROL) ok = control(request);
    else if (head.type == BOARD_TRANSFER) ok = transfer(request);
    if (!board_.bay.failure().empty()) {
      send_failure(fd_, board_.bay.failure());
      return 1;
    }
    if (!ok) return 1;
    if (board_.bay.unplugged()) return 0;
  }
}

}  // namespace

int serve_lockstep(Board &board, int fd) { return Server(board, fd).run(); }

void send_failure(int fd, const std::string &why) {
  const board_head head = {BOARD_FAILED, static_cast<uint32_t>(why.size())};
  if (write_all(fd, &head, sizeof head)) write_all(fd, why.data(), why.size());
}

}  // namespace board
